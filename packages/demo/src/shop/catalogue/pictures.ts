import { html, type Html } from '../html.ts'

/** One drawing for each product, in the page itself: nothing to fetch, nothing that could be missing. */
const drawings: Readonly<Record<string, readonly [ground: string, drawing: Html]>> = {
  'laoshan-tea': [
    '#dcebd6',
    html`<path d="M0 92q40-26 80-8t80-10v46H0z" fill="#b9d6ae"/><path d="M52 44h56l6 58H46z" fill="#2f6b3f"/><path d="M52 44h56l2 14H50z" fill="#24542f"/><path d="M80 66c12 0 17 8 17 8s-5 14-17 14-17-6-17-14c0-6 7-8 17-8z" fill="#f3efdc"/><path d="M68 84c6-8 14-12 24-12" stroke="#2f6b3f" stroke-width="2.5" fill="none"/><rect x="62" y="30" width="36" height="15" rx="3" fill="#c9a24b"/>`,
  ],
  'enamel-mug': [
    '#d9e8f1',
    html`<path d="M46 40h58v50a12 12 0 0 1-12 12H58a12 12 0 0 1-12-12z" fill="#fbfaf5"/><path d="M104 54h8a12 12 0 0 1 0 26h-8" fill="none" stroke="#fbfaf5" stroke-width="7"/><rect x="43" y="36" width="64" height="8" rx="4" fill="#1f4f7a"/><path d="M56 78q6-7 12 0t12 0 12 0" fill="none" stroke="#1f4f7a" stroke-width="3.5" stroke-linecap="round"/><path d="M75 52v16m-7-5a7 7 0 0 0 14 0M70 56h10" fill="none" stroke="#1f4f7a" stroke-width="2.5" stroke-linecap="round"/><path d="M62 28q-5-6 0-12M76 28q-5-6 0-12M90 28q-5-6 0-12" stroke="#8fb0c6" stroke-width="2.5" fill="none" stroke-linecap="round"/>`,
  ],
  logbook: [
    '#efe3d3',
    html`<path d="M48 22h62a5 5 0 0 1 5 5v70a5 5 0 0 1-5 5H48z" fill="#7a3b2b"/><path d="M48 22h10v80H48z" fill="#5d2a1e"/><rect x="68" y="36" width="36" height="22" rx="2" fill="#f4ead6"/><path d="M73 44h26M73 50h18" stroke="#7a3b2b" stroke-width="2.5"/><path d="M96 102v12l-5-4-5 4v-12z" fill="#c8432b"/><path d="M58 34h-8M58 62h-8M58 90h-8" stroke="#e9cfa8" stroke-width="2"/>`,
  ],
  'lighthouse-lamp': [
    '#20384d',
    html`<path d="M88 40l72-26v52z" fill="#ffe9a8" opacity=".55"/><path d="M72 40L0 20v40z" fill="#ffe9a8" opacity=".35"/><path d="M68 50h24l8 56H60z" fill="#f7f4ec"/><path d="M66.500 62h27l1.800 13h-30.600zM63 88h34l1.700 13H61.200z" fill="#c8432b"/><rect x="70" y="32" width="20" height="16" fill="#ffd96b"/><path d="M66 32l14-14 14 14z" fill="#c8432b"/><rect x="64" y="47" width="32" height="5" rx="2" fill="#132534"/><rect x="50" y="104" width="60" height="7" rx="3.500" fill="#c9a24b"/>`,
  ],
  'storm-umbrella': [
    '#dfe4ea',
    html`<path d="M30 14l-8 16M62 8l-6 12M120 12l-7 14M140 40l-7 14M24 62l-7 14" stroke="#9fb1c1" stroke-width="3" stroke-linecap="round"/><path d="M28 66a52 46 0 0 1 104 0q-13-9-26 0-13-9-26 0-13-9-26 0-13-9-26 0z" fill="#1f4f7a"/><path d="M80 20q-22 14-26 46 13-9 26 0 13-9 26 0-4-32-26-46z" fill="#2f6d9f"/><path d="M80 14v82a9 9 0 0 0 18 0" fill="none" stroke="#5b3a22" stroke-width="5" stroke-linecap="round"/>`,
  ],
  'wool-blanket': [
    '#e7e2da',
    html`<rect x="34" y="34" width="92" height="20" rx="10" fill="#f8f4ea"/><rect x="34" y="56" width="92" height="20" rx="10" fill="#ece4d3"/><rect x="34" y="78" width="92" height="20" rx="10" fill="#f8f4ea"/><path d="M102 34v64M110 34v64" stroke="#1f4f7a" stroke-width="4"/><path d="M118 34v64" stroke="#c8432b" stroke-width="4"/><path d="M38 98v8M46 98v8M54 98v8M62 98v8M70 98v8M78 98v8M86 98v8M94 98v8" stroke="#d7ccb4" stroke-width="2.500" stroke-linecap="round"/>`,
  ],
  'brass-compass': [
    '#e9dfc6',
    html`<circle cx="80" cy="22" r="8" fill="none" stroke="#9b7a2d" stroke-width="4"/><circle cx="80" cy="68" r="40" fill="#c9a24b"/><circle cx="80" cy="68" r="32" fill="#fbf7ea"/><path d="M80 40v7M80 89v7M52 68h7M101 68h7" stroke="#5d4a1c" stroke-width="3"/><path d="M97 49L85 72l-10-8z" fill="#c8432b"/><path d="M63 87l12-23 10 8z" fill="#23425c"/><circle cx="80" cy="68" r="3.500" fill="#5d4a1c"/>`,
  ],
  thermos: [
    '#d6e6e6',
    html`<rect x="60" y="38" width="40" height="70" rx="8" fill="#0f6f7c"/><path d="M68 38h10v70H68a8 8 0 0 1-8-8V46a8 8 0 0 1 8-8z" fill="#2a8d99"/><rect x="63" y="30" width="34" height="10" fill="#c4ced3"/><path d="M64 12h32v18H64z" fill="#e3e9ec"/><path d="M64 12h10v18H64z" fill="#f6f9fa"/><rect x="60" y="92" width="40" height="6" fill="#c4ced3"/><path d="M88 60q5-5 10 0v8q-5-5-10 0z" fill="#f6f9fa"/>`,
  ],
  raincoat: [
    '#d5e3ee',
    html`<path d="M64 24q16-12 32 0l8 8 18 40-13 6-9-17 2 47H58l2-47-9 17-13-6 18-40z" fill="#f2c230"/><path d="M64 24q16-12 32 0l-6 14H70z" fill="#d9a712"/><path d="M72 38q8 6 16 0l-2-8H74z" fill="#6a5210"/><path d="M80 42v66" stroke="#b98b0d" stroke-width="2.500"/><circle cx="86" cy="54" r="2.500" fill="#6a5210"/><circle cx="86" cy="70" r="2.500" fill="#6a5210"/><circle cx="86" cy="86" r="2.500" fill="#6a5210"/><path d="M63 84h10M91 84h6" stroke="#b98b0d" stroke-width="3"/>`,
  ],
  'captains-hat': [
    '#e5e8ee',
    html`<path d="M30 56q6-28 50-28t50 28q-6 14-20 14H50q-14 0-20-14z" fill="#fbfbf8"/><path d="M46 64h68v16H46z" fill="#14263a"/><path d="M46 76h68" stroke="#c9a24b" stroke-width="4"/><path d="M44 80h72q6 10-4 14-32-12-64 0-10-4-4-14z" fill="#0d1a28"/><path d="M80 46v20m-8-6a8 8 0 0 0 16 0M74 51h12" fill="none" stroke="#c9a24b" stroke-width="3" stroke-linecap="round"/>`,
  ],
  binoculars: [
    '#dbe6df',
    html`<path d="M46 26q34-22 68 0" fill="none" stroke="#5b3a22" stroke-width="4"/><path d="M50 28h20l6 62a18 18 0 0 1-40 0z" fill="#22333f"/><path d="M90 28h20l14 62a18 18 0 0 1-40 0z" fill="#22333f"/><rect x="68" y="44" width="24" height="18" rx="4" fill="#37505f"/><circle cx="56" cy="90" r="15" fill="#7fb4c9"/><circle cx="104" cy="90" r="15" fill="#7fb4c9"/><path d="M47 86q4-7 11-7M95 86q4-7 11-7" stroke="#e5f3f8" stroke-width="3" fill="none" stroke-linecap="round"/><rect x="48" y="22" width="24" height="9" rx="3" fill="#c9a24b"/><rect x="88" y="22" width="24" height="9" rx="3" fill="#c9a24b"/>`,
  ],
  'model-junk': [
    '#f1e1cf',
    html`<path d="M30 78h98q4 0 2 4-8 20-24 20H56q-16 0-26-24z" fill="#6b3e1f"/><path d="M30 78h98l-2 7H33z" fill="#8a5429"/><path d="M62 78V20M96 78V14M118 78V36" stroke="#4a2a14" stroke-width="3"/><path d="M66 24q24 22 20 50H46q4-30 20-50z" fill="#b5452c"/><path d="M97 18q20 24 16 56H90z" fill="#c95a3a"/><path d="M119 40q12 14 10 34h-13z" fill="#b5452c"/><path d="M56 38h18M51 50h32M48 62h38M96 34h10M94 48h17M92 62h21" stroke="#f1e1cf" stroke-width="2"/><path d="M14 106q11-7 22 0t22 0 22 0 22 0 22 0 22 0" fill="none" stroke="#6f9db5" stroke-width="3.500" stroke-linecap="round"/>`,
  ],
}

const blank: readonly [string, Html] = ['#dde5ec', html``]

/** The picture of a product, for eyes only: its name always stands beside it. */
export function picture(productId: string): Html {
  const [ground, drawing] = drawings[productId] ?? blank
  return html`<svg class="picture" viewBox="0 0 160 120" preserveAspectRatio="xMidYMid slice" aria-hidden="true"><rect width="160" height="120" fill="${ground}"/>${drawing}</svg>`
}
