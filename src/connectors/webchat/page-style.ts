// How the page looks.

export const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
* { box-sizing: border-box; }
body { margin: 0; height: 100dvh; display: grid; grid-template-rows: auto 1fr auto auto; font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; gap: 1em; align-items: center; padding: .5em 1em; border-bottom: 1px solid var(--line); }
h1 { font-size: 1em; margin: 0; }
nav { display: flex; gap: .4em; flex: 1; }
#state { opacity: .7; }
main { overflow-y: auto; padding: 1em; }
article { max-width: 48em; margin: 0 0 .8em; overflow-wrap: anywhere; }
article.you > div { border-left: 3px solid #4a8; padding-left: .6em; white-space: pre-wrap; }
article.claude > div { border-left: 3px solid #c74; padding-left: .6em; white-space: pre-wrap; }
article.failed { opacity: .6; }
article small { opacity: .65; }
blockquote { margin: 0; opacity: .7; border-left: 2px solid var(--line); padding-left: .5em; }
pre { overflow-x: auto; padding: .5em; border: 1px solid var(--line); }
#typing { margin: 0 1em; opacity: .7; }
form { display: flex; flex-wrap: wrap; gap: .5em; padding: .6em 1em; border-top: 1px solid var(--line); align-items: end; }
textarea { flex: 1; font: inherit; resize: vertical; }
button, label { font: inherit; padding: .3em .8em; cursor: pointer; border: 1px solid var(--line); border-radius: .3em; background: none; color: inherit; }
button[aria-pressed=true] { font-weight: bold; }
#chips { flex-basis: 100%; margin: 0; }
#chips:empty { display: none; }
`;
