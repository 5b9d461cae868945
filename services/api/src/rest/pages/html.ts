/** Pages as text: escaping, and the frame they share. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1,h2,h3{line-height:1.2}code,pre{font:14px/1.45 ui-monospace,monospace;background:#f4f5f7;border-radius:4px}
code{padding:.1em .3em}pre{padding:.8rem;overflow:auto}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #e3e6ea}
.verb{display:inline-block;min-width:4.2em;font-weight:700}details{border:1px solid #e3e6ea;border-radius:6px;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer}nav a{margin-right:1rem}
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8eb}code,pre{background:#22262b}td,th,details{border-color:#343a41}a{color:#8ab4ff}}`;

/** A whole page; `body` is HTML already. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}
