// The style of the page: light or dark as the system is, from the width of a phone up, and without layout
// shifts while reading.

export const style = `
:root {
  color-scheme: light dark;
  --ground: #fff; --raised: #f4f4f2; --text: #1b1b1a; --faint: #5f5f5b; --line: #d9d9d4; --you: #1f7a54; --claude: #b4532a; --bad: #b3261e; --key: #1f5fbf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161615; --raised: #222220; --text: #ececea; --faint: #a3a39d; --line: #3a3a37; --you: #5fc79a; --claude: #e79368; --bad: #ff8a80; --key: #8ab4f8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; height: 100dvh; display: grid; grid-template: auto minmax(0, 1fr) / minmax(0, 1fr);
  font: 16px/1.45 system-ui, sans-serif; background: var(--ground); color: var(--text);
}
:focus-visible, .unseen:focus-visible + label { outline: 2px solid var(--key); outline-offset: 2px; }
button, #form > label {
  font: inherit; font-size: .9rem; min-height: 2.2rem; padding: .3rem .8rem; cursor: pointer;
  border: 1px solid var(--line); border-radius: .5rem; background: var(--ground); color: inherit;
}
button:hover, #form > label:hover { background: var(--raised); }
button:disabled { cursor: default; color: var(--faint); }
button.main { background: var(--key); border-color: var(--key); color: var(--ground); }
.unseen { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
header { display: flex; gap: .5rem 1rem; align-items: center; padding: .5rem 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1rem; margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
nav { display: flex; gap: .3rem; flex: 1; min-width: 0; overflow-x: auto; padding: 3px; }
nav button, #name { white-space: nowrap; max-width: 12rem; overflow: hidden; text-overflow: ellipsis; flex: none; }
nav button { border-color: transparent; }
nav button[aria-pressed=true] { border-color: var(--line); background: var(--raised); font-weight: 600; }
#browser { color: var(--faint); font: .85rem ui-monospace, monospace; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#browser:empty { display: none; }
#state { color: var(--faint); font-size: .85rem; white-space: nowrap; }
#state::before { content: ""; display: inline-block; width: .55rem; height: .55rem; margin-right: .4rem; border-radius: 50%; background: var(--faint); }
#state.on::before { background: var(--you); }
#state.alone::before { background: var(--claude); }
#state.off::before { background: var(--bad); }
main { display: grid; grid-template: minmax(0, 1fr) auto auto / minmax(0, 1fr); min-height: 0; }
#log { overflow-y: auto; padding: 1rem; overscroll-behavior: contain; }
#log > * { max-width: 46rem; margin: 0 auto .9rem; }
#log > p { color: var(--faint); text-align: center; margin-top: 20vh; white-space: pre-line; }
article { overflow-wrap: anywhere; border-left: 3px solid var(--claude); padding-left: .7rem; }
article.you { border-color: var(--you); }
article.router { border-color: var(--faint); }
article.prompt { border: 2px solid var(--key); border-radius: .5rem; padding: .5rem .7rem; }
/* What is to be decided is seen without scrolling sideways. */
article.router pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--claude); }
article.failed { border-color: var(--bad); }
.head { display: flex; gap: .5rem; align-items: center; margin: 0; min-height: 1.8rem; font-size: .85rem; color: var(--faint); }
.head b { color: var(--claude); }
.you .head b { color: var(--you); }
.router .head b { color: inherit; }
.wrong, dialog small.wrong { color: var(--bad); }
.wrong:empty { display: none; }
.head button { min-height: 0; padding: 0 .5rem; margin-left: auto; opacity: 0; }
article:hover .head button, article:focus-within .head button { opacity: 1; }
@media (hover: none) { .head button { opacity: 1; } }
.body { white-space: pre-wrap; }
.body a { color: var(--key); }
code { font: .88em/1.4 ui-monospace, monospace; background: var(--raised); padding: .1em .3em; border-radius: .3em; }
pre { margin: .4rem 0; padding: .6rem .8rem; overflow-x: auto; overflow-wrap: normal; white-space: pre; border-radius: .5rem; background: var(--raised); font: .88em/1.45 ui-monospace, monospace; }
pre code { background: none; padding: 0; font: inherit; }
blockquote { margin: 0; padding-left: .6rem; border-left: 2px solid var(--line); color: var(--faint); }
.parts { display: flex; flex-wrap: wrap; gap: .5rem; margin: .4rem 0 0; align-items: center; }
.parts:empty, #chips:empty { display: none; }
.picture { padding: .2rem; border-color: var(--line); }
.picture img { display: block; max-width: min(100%, 24rem); max-height: 18rem; border-radius: .3rem; }
#foot { position: relative; padding: 0 1rem; min-height: 1.6rem; font-size: .85rem; color: var(--faint); text-align: center; }
#foot p { margin: 0; }
#notice { color: var(--text); }
#foot:has(#notice:not(:empty)) #typing { display: none; }
#latest { position: absolute; bottom: 1.9rem; left: 50%; transform: translateX(-50%); box-shadow: 0 2px 8px #0004; }
[hidden] { display: none !important; }
#form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; padding: .6rem max(1rem, 50vw - 23rem) max(.6rem, env(safe-area-inset-bottom)); border-top: 1px solid var(--line); }
#chips { display: flex; flex-wrap: wrap; gap: .4rem; flex-basis: 100%; }
#chips button { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
textarea, input[type=text] { font: inherit; padding: .45rem .6rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--raised); color: inherit; }
textarea { flex: 1; min-width: 0; min-height: 2.4rem; max-height: 40dvh; resize: none; field-sizing: content; }
dialog { border: 1px solid var(--line); border-radius: .8rem; background: var(--ground); color: inherit; width: min(26rem, 90vw); }
dialog::backdrop { background: #0006; }
dialog form { display: grid; gap: .7rem; }
dialog p { margin: 0; display: flex; gap: .5rem; justify-content: end; }
dialog label { font-weight: 600; }
dialog small { color: var(--faint); }
@media (max-width: 36rem) {
  header { flex-wrap: wrap; padding: .4rem .6rem; }
  nav { order: 1; flex-basis: 100%; }
  #name { margin-left: auto; max-width: 9rem; }
  #log { padding: .6rem; }
  #form { padding-inline: .6rem; }
  textarea { flex-basis: 100%; }
  #send { margin-left: auto; }
}
`;
