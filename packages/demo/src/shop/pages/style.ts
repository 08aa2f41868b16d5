/** One style sheet for every page, inside the page: nothing to fetch, nothing that could be swapped. */
export const style = `:root{--bg:#f4f1ea;--card:#fff;--ink:#14293a;--soft:#50606d;--line:#dcd6c9;--deep:#123a55;--link:#0b5c73;--call:#b13a1e;--call-ink:#fff;--good:#1b6440;--good-bg:#e3f2e8;--agent:#553a86;--agent-bg:#eee8f8;--warn:#7a4300;--warn-bg:#fdf0d9;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--bg:#0d1820;--card:#15242f;--ink:#ecf1f4;--soft:#a8b7c2;--line:#2c3f4d;--deep:#0a2436;--link:#7fcbdd;--call:#e2694a;--call-ink:#1a0904;--good:#8fdcb0;--good-bg:#15352a;--agent:#cbb6f5;--agent-bg:#2c2344;--warn:#ffd591;--warn-bg:#3b2a0f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Micro Hei",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
header :focus-visible{outline-color:#fff}
.skip{position:absolute;left:-99em;z-index:1}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.6rem}
header{background:var(--deep);color:#fff}
.bar,main,footer p{width:100%;max-width:68rem;margin:0 auto;padding:0 1rem}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:0 1.25rem;min-height:3.5rem}
.bar a,.bar .link{color:#fff;text-decoration:none;display:inline-flex;align-items:center;gap:.35rem;min-height:44px}
.bar a:hover,.bar .link:hover{text-decoration:underline}
.brand{font-weight:700;font-size:1.0625rem;gap:.6rem!important}
.brand svg{width:2rem;height:2rem;flex:none}
nav{flex:1 0 auto}
nav ul{display:flex;gap:1.25rem;list-style:none;margin:0;padding:0}
nav svg{width:1.15rem;height:1.15rem}
nav a[aria-current]{box-shadow:inset 0 -3px #e2805f;font-weight:600}
.count{background:#fff;color:#123a55;border-radius:99px;min-width:1.4rem;padding:0 .35rem;text-align:center;font-size:.8125rem;font-weight:700;line-height:1.4rem}
.who{display:flex;align-items:center;gap:1rem;font-size:.9375rem}
.who form{margin:0}
.who .name{color:#c8dbe6}
main{flex:1 0 auto;padding-top:1.5rem;padding-bottom:2.5rem}
main:focus{outline:0}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.8125rem}
footer p{padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem;letter-spacing:-.01em}
h2{font-size:1.0625rem;line-height:1.35;margin:0}
p{margin:.5rem 0}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.hero{display:grid;gap:1rem;margin:0 0 1.5rem}
.hero h1{font-size:1.9rem;margin:0}
.hero p{margin:.25rem 0 0}
.search{display:flex;gap:.5rem;margin:0}
.search input{flex:1;min-width:0}
input[type=search],select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:10px;min-height:44px;padding:.4rem .75rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:1rem;list-style:none;margin:0;padding:0}
.card{position:relative;display:flex;flex-direction:column;background:var(--card);border:1px solid var(--line);border-radius:14px;overflow:hidden}
.card:hover{border-color:var(--link)}
.card .text{display:flex;flex-direction:column;flex:1;gap:.35rem;padding:.8rem .9rem .9rem}
.card h2{font-size:1rem;font-weight:600}
.card h2 a{color:var(--ink);text-decoration:none}
.card h2 a::after{content:"";position:absolute;inset:0}
.card .foot{margin-top:auto;display:flex;flex-wrap:wrap;gap:.25rem .6rem;align-items:center;justify-content:space-between}
.picture{display:block;width:100%;height:auto;aspect-ratio:4/3}
.price{font-weight:700;font-variant-numeric:tabular-nums;margin:0}
.tag{display:inline-block;font-size:.8125rem;line-height:1.5;padding:.05rem .55rem;border-radius:99px;color:var(--soft);border:1px solid var(--line);white-space:nowrap;margin:.1rem 0}
.good{color:var(--good);background:var(--good-bg);border-color:transparent}
.few{color:var(--warn);background:var(--warn-bg);border-color:transparent}
.agent{color:var(--agent);background:var(--agent-bg);border-color:transparent;white-space:normal;border-radius:.8rem}
.product{display:grid;gap:1.5rem}
.product .picture{border-radius:18px}
.product .price{font-size:1.5rem;margin:.5rem 0}
.buy{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:1.25rem 0 0}
label span{display:block;font-size:.875rem;color:var(--soft)}
button,.button{font:inherit;font-weight:600;min-height:48px;padding:.6rem 1.4rem;border-radius:12px;border:2px solid var(--call);background:var(--call);color:var(--call-ink);cursor:pointer;text-decoration:none;display:inline-flex;align-items:center;justify-content:center}
button:hover,.button:hover{opacity:.92}
.quiet{background:none;color:var(--link);border-color:var(--line);min-height:44px;font-weight:500;padding:.4rem .9rem}
button.link{background:none;border:0;padding:0;font-weight:400;color:var(--link);text-decoration:underline;min-height:44px}
.note{padding:.8rem 1rem;border-radius:12px;background:var(--good-bg);color:var(--good);margin:0 0 1.25rem}
.note a{color:inherit;font-weight:600}
.sheet{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1rem;margin:0 0 1rem}
.lines{list-style:none;margin:0;padding:0}
.lines>li{display:grid;grid-template-columns:5.5rem 1fr;gap:.25rem 1rem;padding:1rem 0}
.lines>li:first-child{padding-top:0}.lines>li:last-child{padding-bottom:0}
.lines>li+li{border-top:1px solid var(--line)}
.lines .picture{border-radius:10px}
.lines h2 a{color:var(--ink)}
.edit{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0 0}
.edit .quiet{padding:.4rem .75rem}.edit .link{padding:0 .1rem}
.edit form{display:flex;gap:.5rem;margin:0}
.sum{display:flex;justify-content:space-between;gap:1rem;margin:.35rem 0}
.sum span:last-child{font-variant-numeric:tabular-nums;text-align:right}
.grand{font-weight:700;font-size:1.25rem}
.aside .button,.aside button:not(.link){width:100%}
.order header{background:none;color:inherit;display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;justify-content:space-between;margin:0 0 .5rem}
.order ul{list-style:none;margin:.25rem 0;padding:0}
dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem .9rem;margin:.6rem 0 0;font-size:.875rem}
dt{color:var(--soft)}dd{margin:0;min-width:0}
.new{border-color:var(--good);box-shadow:0 0 0 1px var(--good)}
@media(min-width:52rem){.hero{grid-template-columns:1fr 22rem;align-items:end}.product{grid-template-columns:1.15fr 1fr;align-items:center;gap:2.5rem}.two{display:grid;grid-template-columns:1fr 20rem;gap:1.25rem;align-items:start}.grid{grid-template-columns:repeat(4,1fr);gap:1.25rem}main{padding-top:2rem}}
@media(max-width:51.99rem){.edit select{padding:.4rem}.lines>li{grid-template-columns:4.5rem 1fr}.brand{flex:1}.who{order:0}nav{flex-basis:100%;order:1;border-top:1px solid #ffffff2e}nav ul{justify-content:space-between}.who .name{display:none}}
@media(prefers-contrast:more){:root{--soft:var(--ink);--line:var(--ink)}}
@media(forced-colors:active){.tag,.count,button,.button{border:1px solid}}`
