// Writes dist/manual.md: the pages of docs/ that users of the package need, as one file. Links between the pages become links inside it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** For those who change the program or choose one, and what `recipes show` prints: not in the manual. */
const notForUsers = new Set(["architecture.md", "comparison.md", "gallery.md"]);
/** In this order; pages that are not named here follow by name. */
const first = [
  "index.md",
  "configuration.md",
  "commands.md",
  "matching.md",
  "templates.md",
  "delivery.md",
  "shaping.md",
  "sinks.md",
  "chat.md",
];

export function writeManual(root) {
  const folder = `${root}docs/`;
  const pages = readdirSync(folder).filter((name) => name.endsWith(".md") && !notForUsers.has(name));
  const connectors = readdirSync(`${folder}connectors`).map((name) => `connectors/${name}`);
  const rank = (name) => (first.includes(name) ? first.indexOf(name) : first.length);
  const all = [...pages.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b)), ...connectors.sort()];
  const texts = all.map((page) => readFileSync(folder + page, "utf8").trim());
  const anchors = new Map(
    all.map((page, index) => [page, anchorOf(/^# (.+)$/m.exec(texts[index])?.[1] ?? page)]),
  );
  const manual = texts.map((text, index) => linked(text, all[index], anchors));
  const contents = all.map(
    (page, index) => `- [${/^# (.+)$/m.exec(texts[index])?.[1]}](#${anchors.get(page)})`,
  );
  const head = "The pages of docs/ for users, in one file.";
  writeFileSync(`${root}dist/manual.md`, `${head}\n\n${contents.join("\n")}\n\n${manual.join("\n\n")}\n`);
}

function linked(text, page, anchors) {
  return text.replace(/\[([^\]]+)\]\((?!https?:)([^)#\s]*)(#[^)]*)?\)/g, (all, shown, path, anchor) => {
    if (path === "") return all;
    const target = new URL(path, `file:///${page}`).pathname.slice(1);
    const known = anchors.get(target);
    return known === undefined ? shown : `[${shown}](${anchor ?? `#${known}`})`;
  });
}

/** As GitHub makes it of a heading. */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s+/g, "-");
}
