// One headless Chromium for the tests of a file, and pages in it that record what must not happen.

import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const path = "/usr/bin/chromium";

/** Why the tests of the page cannot run here. In CI they must: .ci/run installs Chromium. */
export const noBrowser: string | undefined =
  existsSync(path) || process.env.IN_CI !== undefined ? undefined : `${path} is missing`;

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    // The sandbox needs a user of its own, which containers rarely have. All pages come from this test.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"],
  });
}

export interface PageOptions {
  readonly theme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** Of the address, for instance `#people`. */
  readonly hash?: string;
  readonly reducedMotion?: "reduce" | "no-preference";
}

export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Violations of the policy, uncaught errors, requests of other origins. */
  readonly faults: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<OpenedPage> {
  const { theme = "light", width = 1_280, height = 800, hash = "#live", reducedMotion = "reduce" } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const faults: string[] = [];
  await page.exposeFunction("reportFault", (text: string) => faults.push(text));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      (window as unknown as { reportFault(text: string): void }).reportFault(
        `${violatedDirective} ${blockedURI}`,
      ),
    );
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(?:blob|data):/.test(request.url()))
      faults.push(`request: ${request.url()}`);
  });
  await page.goto(`${url}/${hash}`);
  return { page, context, faults };
}
