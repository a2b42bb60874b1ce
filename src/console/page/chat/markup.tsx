// Claude's markup as elements. The router writes it with a few tags and escapes all else; only those become elements here, and everything
// else is shown as the text that it is.

import type { ComponentChildren } from "preact";

const maxDepth = 20;

export function Markup({ html }: { readonly html: string }) {
  // A document of its own: nothing in it runs or loads.
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return <>{childrenOf(body, 0)}</>;
}

function childrenOf(node: Node, depth: number): ComponentChildren[] {
  return [...node.childNodes].map((child) => partOf(child, depth));
}

function partOf(node: Node, depth: number): ComponentChildren {
  if (node.nodeType !== Node.ELEMENT_NODE || depth > maxDepth) return node.textContent;
  const children = childrenOf(node, depth + 1);
  switch (node.nodeName) {
    case "B":
      return <b>{children}</b>;
    case "I":
      return <i>{children}</i>;
    case "S":
      return <s>{children}</s>;
    case "CODE":
      return <code>{children}</code>;
    case "BLOCKQUOTE":
      return <blockquote>{children}</blockquote>;
    case "PRE":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        <pre tabIndex={0}>{children}</pre>
      );
    case "A":
      return <Link href={(node as Element).getAttribute("href") ?? ""}>{children}</Link>;
    default:
      return children;
  }
}

/** To the web and to mail only. */
function Link({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  if (!/^(?:https?:|mailto:)/i.test(href)) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
