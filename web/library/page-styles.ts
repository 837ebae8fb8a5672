// The look of a notebook as a page by itself, in light and dark.

export default `
:root { color-scheme: light dark; --page: #fff; --panel: #f6f7f9; --line: #dfe2e8; --ink: #1b1f27; --soft: #5c6472; --accent: #2f5fc4;
  --keyword: #8a2fa8; --string: #2a7a3f; --number: #b04a10; --danger: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #15181e; --panel: #1d2129; --line: #343a46; --ink: #e4e7ed; --soft: #9aa3b2;
  --accent: #86aef8; --keyword: #d79bf0; --string: #8fd19e; --number: #f0a878; --danger: #ff9b90; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 24px 20px 64px; }
a { color: var(--accent); }
.open, .note, .count { color: var(--soft); font-size: 14px; }
section { position: relative; margin: 0 0 14px; }
pre { margin: 0 0 8px; overflow-x: auto; font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.source { padding: 9px 14px; border-radius: 8px; background: var(--panel); }
.source i { font-style: normal; }
.count { float: right; margin: 4px 10px; font: 11px ui-monospace, monospace; }
.tok-comment { color: var(--soft); } .tok-keyword { color: var(--keyword); } .tok-string { color: var(--string); }
.tok-number, .tok-atom { color: var(--number); } .tok-propertyName { color: var(--accent); }
.error { color: var(--danger); }
img { display: block; max-width: 100%; margin: 0 0 8px; }
table { border-collapse: collapse; margin: 0 0 8px; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); text-align: start; }
.is-number { text-align: end; }
.output-note { margin: 0 0 8px; color: var(--soft); font-size: 14px; }
iframe { width: 100%; height: 320px; border: 1px solid var(--line); border-radius: 8px; }
`;
