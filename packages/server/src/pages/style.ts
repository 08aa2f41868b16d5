import { createHash } from 'node:crypto'

/**
 * One style sheet for every page, inside the page: no second request, nothing that could be swapped. Plain properties
 * and media queries only, since company chat apps open these pages in old web views.
 */
export const style = `:root{--bg:#eef1f4;--card:#fff;--ink:#15202b;--soft:#4d5b68;--line:#d3dae1;--link:#0b5a6b;--yes:#12613a;--yes-bg:#e6f4ec;--no:#8f2020;--no-bg:#fbeaea;--warn:#5a4100;--warn-bg:#fff3d1;--button:#1f3a4d;--button-ink:#fff;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--bg:#0e141a;--card:#182129;--ink:#e9eef3;--soft:#a9b6c2;--line:#35434f;--link:#7fcbdd;--yes:#86d9ac;--yes-bg:#16332a;--no:#ffa9a1;--no-bg:#3a2022;--warn:#ffe09a;--warn-bg:#3b2f10;--button:#cfe0ec;--button-ink:#10202b}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Micro Hei",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-99em}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem}
header,main,footer{max-width:36rem;margin:0 auto;padding:0 1rem}
header{display:flex;align-items:center;gap:.6rem;min-height:3.5rem;color:var(--soft);font-size:.875rem}
header svg{width:1.4rem;height:1.4rem;flex:none;color:var(--link)}
header strong{color:var(--ink)}
header .lang{margin-left:auto;padding:.75rem 0 .75rem .75rem}
main{background:var(--card);border-top:1px solid var(--line);border-bottom:1px solid var(--line);padding:1.25rem 1rem 1.5rem}
h1{font-size:1.4rem;line-height:1.3;margin:0 0 .25rem;font-weight:650}
h2,legend{font-size:.8125rem;font-weight:650;color:var(--soft);margin:0 0 .5rem;padding:0}
section,fieldset{margin:1.4rem 0 0;padding:0;border:0;min-width:0}
p{margin:.5rem 0}
.soft{color:var(--soft);font-size:.875rem}
.warn,.alert{padding:.6rem 1rem;font-size:.875rem;background:var(--warn-bg);color:var(--warn)}
.warn{text-align:center}
.alert{border-left:4px solid;border-radius:4px;margin:1rem 0 0}
dl{margin:0;display:grid;grid-template-columns:auto 1fr;gap:.2rem .9rem}
dt{color:var(--soft);font-size:.875rem;padding-top:.1em}
dd{margin:0;min-width:0}
.tag{display:inline-block;font-size:.75rem;line-height:1.4;padding:.05rem .45rem;border-radius:99px;border:1px solid var(--line);color:var(--soft);white-space:nowrap}
.yes{color:var(--yes);background:var(--yes-bg);border-color:transparent}
.no{color:var(--no);background:var(--no-bg);border-color:transparent}
blockquote{margin:0;padding:.75rem .9rem;border:1px dashed var(--soft);border-radius:8px;max-height:24rem;overflow:hidden auto}
blockquote p,blockquote summary{margin:0}
.words{font-size:.8125rem;color:var(--soft);margin:0 0 .4rem}
ul{list-style:none;margin:0;padding:0}
.scopes{border:1px solid var(--line);border-radius:8px}
.scopes li+li{border-top:1px solid var(--line)}
.scopes label{display:flex;gap:.75rem;align-items:flex-start;padding:.7rem .85rem;min-height:44px;cursor:pointer}
.scopes .off{cursor:default;color:var(--soft)}
.scopes input{width:1.25rem;height:1.25rem;margin:.15rem 0 0;flex:none;accent-color:var(--button)}
.scopes b{display:block;font-weight:600}
.scopes .off b{font-weight:400}
code{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft)}
.meta{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:center}
.risk{color:var(--warn);background:var(--warn-bg);border-color:transparent;font-weight:650}
.points li{padding:.2rem 0 .2rem 1.5rem;position:relative}
.points li:before{content:"–";position:absolute;left:.4rem;color:var(--soft)}
summary{cursor:pointer;padding:.3rem 0;color:var(--link)}
select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:8px;min-height:44px;padding:.4rem .6rem;min-width:11rem}
.tabs{display:flex;flex-wrap:wrap;gap:0 1.1rem;margin:0 0 1.2rem;border-bottom:1px solid var(--line);font-size:.9375rem}
.tabs a{padding:.6rem 0;min-height:44px;text-decoration:none}
.tabs a[aria-current]{color:var(--ink);font-weight:650;box-shadow:inset 0 -3px var(--link)}
p>label{display:block;font-size:.875rem;color:var(--soft)}
input[type=text],textarea{font:inherit;width:100%;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:8px;min-height:44px;padding:.5rem .7rem}
textarea{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;resize:vertical}
p>select{width:100%}
.gap{margin:1rem 0 0}
.two{display:grid;grid-template-columns:1fr 1fr;gap:.75rem;margin:1.6rem 0 0}
.one{display:grid;margin:1.6rem 0 0}
button,.button{font:inherit;font-weight:600;min-height:48px;padding:.6rem 1rem;border-radius:10px;border:2px solid var(--button);background:var(--button);color:var(--button-ink);cursor:pointer;text-decoration:none;display:inline-flex;align-items:center;justify-content:center;gap:.5rem}
button:hover,.button:hover{opacity:.9}
button svg{width:1.1rem;height:1.1rem;flex:none}
.quiet{background:none;color:var(--link);border-color:var(--line);min-height:44px;font-weight:500;padding:.4rem .8rem}
.who{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;justify-content:space-between;margin:1.4rem 0 0;padding-top:1rem;border-top:1px solid var(--line)}
.who form,.grant form{margin:0}
.grant{border:1px solid var(--line);border-radius:8px;padding:.85rem;margin:.75rem 0 0}
.grant h2{font-size:1rem;color:var(--ink);margin:0}
.grant .who{margin:.6rem 0 0;padding:.6rem 0 0}
.again{margin:1.5rem 0 0;padding:1rem 0 0;border-top:1px solid var(--line);color:var(--soft)}
.again h2{font-size:1rem;color:inherit}
footer{padding:1rem;font-size:.8125rem;color:var(--soft)}
@media(min-width:40rem){main{border:1px solid var(--line);border-radius:14px;padding:2rem}header,footer{padding-left:.5rem;padding-right:.5rem}body{padding:1.5rem 0}.warn{margin-top:-1.5rem}}
@media(prefers-contrast:more){:root{--soft:var(--ink);--line:var(--ink)}}
@media(prefers-reduced-motion:no-preference){button,.button{transition:opacity .15s}}
@media(forced-colors:active){.tag,button,.button{border:1px solid}}`

/** For `style-src`: only this very sheet is applied. */
export const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`
