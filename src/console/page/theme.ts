// Light or dark: as the system has it, or as the user chose here.

import { signal } from "@preact/signals";

export type ThemeName = "system" | "light" | "dark";

const order: readonly ThemeName[] = ["system", "light", "dark"];
const storeKey = "theme";

export const theme = signal<ThemeName>("system");

export function startTheme(): void {
  const stored = read();
  apply(order.find((one) => one === stored) ?? "system");
}

export function nextTheme(): void {
  apply(order[(order.indexOf(theme.value) + 1) % order.length] as ThemeName);
  try {
    localStorage.setItem(storeKey, theme.value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function apply(name: ThemeName): void {
  theme.value = name;
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

function read(): string | null {
  try {
    return localStorage.getItem(storeKey);
  } catch {
    return null;
  }
}
