"""How the pages look: one style sheet, light and dark, for a phone and a wide screen; nothing from outside."""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The browser's own promise that nothing is fetched."""

SERIES = ("#2f6fdb", "#d9622b", "#1d9a6c", "#a04ac0", "#b58a00", "#c23b5e", "#4a7a8c", "#7a6a58")
"""Colours of methods in plots, told apart on white and on black."""

STYLE = """
:root { color-scheme: light dark; --back: #fbfbf9; --card: #fff; --ink: #1c1d21; --soft: #5c606b; --rule: #dfe0e4;
  --mark: #0f62c4; --good: #0b7a4b; --bad: #b3261e; --band: #eef3fb; }
@media (prefers-color-scheme: dark) { :root { --back: #131417; --card: #1c1e23; --ink: #e9eaee; --soft: #a2a7b3;
  --rule: #33363e; --mark: #82b4ff; --good: #62d09b; --bad: #ff8a80; --band: #202a3a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 1.5rem 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; } .soft { color: var(--soft); } .small { font-size: .85rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-top: .75rem; } a { color: var(--mark); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem;
  background: var(--card); padding: .5rem; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.scroll { overflow: auto; border: 1px solid var(--rule); border-radius: .5rem; background: var(--card); }
.tall { max-height: 75vh; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .45rem .7rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child, .left { text-align: left; } tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; background: var(--card); vertical-align: bottom; z-index: 1; }
tbody th { font-weight: 600; position: sticky; left: 0; background: var(--card); }
td.best { background: var(--band); font-weight: 700; }
td small, th small { display: block; color: var(--soft); font-weight: 400; font-size: .75rem; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 3px solid var(--mark); }
th[aria-sort=ascending] button::after { content: " \\25B2"; }
th[aria-sort=descending] button::after { content: " \\25BC"; }
.problem { color: var(--bad); white-space: normal; } .passed { color: var(--good); }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); }
figure { margin: 0; } .plots figure, article { background: var(--card); border: 1px solid var(--rule);
  border-radius: .5rem; padding: .75rem; }
.plots svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .rule { stroke: var(--rule); }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin-bottom: .75rem; }
select, button.plain, .tools input[type=search] { font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--rule); border-radius: .4rem; padding: .35rem .6rem; min-height: 2.5rem; }
#cases { display: grid; gap: 1rem; } article header { padding: 0; display: flex; gap: .75rem; flex-wrap: wrap;
  align-items: baseline; margin-bottom: .5rem; }
.row { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(min(8.5rem, 40vw), 1fr)); }
.row figure button { all: unset; cursor: zoom-in; display: block; width: 100%; }
.row figure button:focus-visible { outline: 3px solid var(--mark); }
.row img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #fff; border: 1px solid var(--rule);
  border-radius: .25rem; display: block; }
figcaption { font-size: .8rem; margin-top: .25rem; overflow-wrap: anywhere; }
figcaption b { display: block; } .missing { aspect-ratio: 1; display: grid; place-items: center; padding: .5rem;
  border: 1px dashed var(--rule); border-radius: .25rem; font-size: .8rem; color: var(--soft); text-align: center; }
.row img.map, .maps .row img.map + img { display: none; } .maps .row img.map { display: block; }
.scale { height: .6rem; width: 10rem; border-radius: .3rem; display: inline-block; vertical-align: middle; }
dialog { border: 0; padding: .5rem; width: 100vw; height: 100dvh; max-width: none; max-height: none;
  background: var(--back); color: var(--ink); }
dialog form { height: 100%; display: grid; grid-template-rows: 1fr auto; gap: .5rem; justify-items: center; }
dialog img { width: 100%; height: 100%; min-height: 0; object-fit: contain; image-rendering: auto; }
kbd { border: 1px solid var(--rule); border-radius: .25rem; padding: 0 .3rem; font: .85em ui-monospace, monospace; }
@media print { .tools, nav, .skip { display: none; } .tall { max-height: none; } }
"""
