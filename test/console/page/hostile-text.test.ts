// Hostile text in every field of every answer: it stays text.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noBrowser, openPage, startBrowser } from "./browser.ts";
import { type MockAnswers, MockRouter } from "./mock-router.ts";
import { sampleEvents } from "./sample-answers.ts";

const attacks = [
  `"><img src=x onerror="document.title='owned'">`,
  `<script>document.title='owned'</script>`,
  `<svg/onload=document.title='owned'>`,
  `javascript:document.title='owned'//`,
  `{{constructor.constructor("document.title='owned'")()}}`,
  `</pre></textarea></title><iframe srcdoc="<script>parent.document.title='owned'</script>">`,
  `<a id=app><style>*{display:none}</style><base href="https://evil.example/">`,
  "\u202egnp.exe\u202c \u0000 \ud800 \u2028",
];

/** Fields by which the page decides what to show; another value of them is a state that does not exist. */
const fixed = new Set([
  "kind",
  "state",
  "outcome",
  "do",
  "dm",
  "from",
  "time",
  "since",
  "until",
  "type",
  "active",
]);

/** The same answer with an attack at the end of each of its texts, and in each name of an open object. */
function poisoned<T>(value: T, attack: string, key = ""): T {
  if (typeof value === "string") return (fixed.has(key) ? value : `${value}${attack}`) as T;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, attack, key)) as T;
  if (typeof value !== "object" || value === null) return value;
  const isOpen = key === "data" || key === "headers" || key === "fixtures";
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      isOpen ? name + attack : name,
      poisoned(inner, attack, name),
    ]),
  ) as T;
}

describe.skipIf(noBrowser !== undefined)(`hostile text${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test.each(attacks)("stays text on every page: %j", async (attack) => {
    const router = await MockRouter.start();
    router.answers = Object.fromEntries(
      Object.entries(router.answers).map(([name, answer]) => [
        name,
        async (args: never) => poisoned(await (answer as (args: never) => unknown)(args), attack),
      ]),
    ) as unknown as MockAnswers;
    router.hello = { ...router.hello, config_file: `/etc/x${attack}` };
    const { page, context, faults } = await openPage(browser, router.url);
    await page.locator(".connection.open").waitFor();
    const events = poisoned(sampleEvents(30), attack);
    router.send("batch", { events, changes: [], counts: { [attack]: 3, github: 9 }, left_out: 0 });
    for (const [hash, selector] of [
      ["#live", ".feed-row"],
      ["#event=01kbq90001", ".timeline"],
      ["#people", ".prompt-text"],
      ["#sessions", ".figures"],
      ["#chat", ".page"],
      [`#try=${encodeURIComponent(attack.toWellFormed())}`, ".page"],
      [`#event=${encodeURIComponent(attack.toWellFormed())}`, ".timeline"],
    ] as const) {
      await page.evaluate((to) => location.assign(to), hash);
      await page.locator(`.main ${selector}`).first().waitFor();
      await page.evaluate(() => {
        for (const one of document.querySelectorAll<HTMLElement>("main details:not([open]) > summary"))
          one.click();
      });
      const found = await page.evaluate(() =>
        [
          ...document.querySelectorAll(
            "#app img, #app script, #app iframe, #app style, #app base, #app [onerror], #app [onload]",
          ),
        ].map((element) => element.outerHTML),
      );
      expect(found).toEqual([]);
      const links = await page.evaluate(() => [...document.links].map(({ protocol }) => protocol));
      expect(links.filter((protocol) => !/^https?:$/.test(protocol))).toEqual([]);
      expect(await page.title()).not.toBe("owned");
    }
    await page.evaluate(() => location.assign("#event=01kbq90001"));
    await page.getByRole("button", { name: "Make a channel" }).click();
    await page.locator("#made").waitFor();
    expect(faults).toEqual([]);
    await context.close();
    await router.close();
  });
});
