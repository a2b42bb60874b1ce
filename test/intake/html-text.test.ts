// HTML as the text that its reader sees.

import fc from "fast-check";
import { expect, test } from "vitest";
import { linesText } from "../../src/intake/html-text.ts";

const cases: [string, string, string][] = [
  ["paragraphs and breaks", "<p>One</p><p>two<br/>three</p>", "One\n\ntwo\nthree"],
  ["a table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"],
  ["white space", "a\n\n   b\t<b> c </b>", "a b c"],
  ["entities", "&lt;b&gt; &amp; &euro; &#8364; &nbsp;x", "<b> & € € x"],
  ["a tag of an office program", "<o:p>x</o:p><v:shape id=1>y</v:shape>", "xy"],
  ["comments, also conditional ones", "a<!-- b --><!--[if mso]><p>c</p><![endif]-->d", "ad"],
  ["a comment without end", "a<!-- b", "a"],
  ["head, style and script", "<head><title>T</title></head><style>p{}</style><script>x</script>a", "a"],
  ["a hidden preheader", '<div style="color:red; display: none">secret</div>seen', "seen"],
  ["hidden elements inside of each other", "<div hidden>a<div>b</div>c</div>d", "d"],
  ["a hidden paragraph without an end tag", "<p style='display:none'>a<p>b", "b"],
  ["text of no size", '<span style="font-size:0px">a</span><span style="font-size:0.9em">b</span>', "b"],
  ["an image that is hidden", '<img style="display:none" src=x>a', "a"],
  ["what is not a tag", "1 < 2 and Vec<String, x> a<b", "1 < 2 and Vec<String, x> a<b"],
  ["nothing", "", ""],
];
test.each(cases)("%s", (_, html, text) => expect(linesText(html)).toBe(text));

test("never more than one empty line, nor blanks at the ends of a line", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "<p>",
      "</p>",
      "<br>",
      "<div hidden>",
      "</div>",
      "<!--",
      "-->",
      "<",
      ">",
      " ",
      "\n",
      "a",
      "&nbsp;",
      "<td>",
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = linesText(parts.join(""));
      expect(text).not.toMatch(/\n{3}|[^\S\n]{2}|\s$|^\s|[^\S\n]\n|\n[^\S\n]/);
    }),
  );
});
