import type { Text } from '../text.ts'

/** One thing for sale. */
export interface Product {
  readonly id: string
  readonly name: Text
  readonly about: Text
  readonly priceFen: number
}

/** What was on the shelf when the shop opened. */
interface Delivery extends Product {
  readonly stock: number
}

export const delivery: readonly Delivery[] = [
  {
    id: 'laoshan-tea',
    name: { en: 'Laoshan green tea, 100 g', zh: '崂山绿茶 100 克' },
    about: {
      en: 'First picking of spring from the hills behind the harbour. Tastes of beans and sea air.',
      zh: '港湾背后山上的头春茶，豆香里带一点海风。',
    },
    priceFen: 8800,
    stock: 40,
  },
  {
    id: 'enamel-mug',
    name: { en: 'Harbour enamel mug', zh: '港湾搪瓷杯' },
    about: {
      en: 'Falls off the deck and goes on as before. 350 ml, blue rim.',
      zh: '从甲板上摔下去，捡起来照样用。350 毫升，蓝边。',
    },
    priceFen: 3990,
    stock: 60,
  },
  {
    id: 'logbook',
    name: { en: 'Logbook, 192 pages', zh: '航海日志本 192 页' },
    about: {
      en: 'Thread-bound, water-resistant paper, one page for every day that is worth it.',
      zh: '线装，防水纸，值得记的日子，一天一页。',
    },
    priceFen: 4500,
    stock: 85,
  },
  {
    id: 'lighthouse-lamp',
    name: { en: 'Lighthouse desk lamp', zh: '灯塔台灯' },
    about: {
      en: 'Warm light, three steps, turns itself off at midnight unless you insist.',
      zh: '暖光三档，午夜自动熄灭，除非您坚持。',
    },
    priceFen: 32_000,
    stock: 14,
  },
  {
    id: 'storm-umbrella',
    name: { en: 'Storm umbrella', zh: '抗风雨伞' },
    about: {
      en: 'Tested on the pier up to wind force 8. Two people fit underneath.',
      zh: '在栈桥上经受过八级风，伞下容得下两个人。',
    },
    priceFen: 12_900,
    stock: 32,
  },
  {
    id: 'wool-blanket',
    name: { en: 'Night watch wool blanket', zh: '守夜羊毛毯' },
    about: {
      en: 'Undyed wool, 150 × 200 cm, for cold decks and cold offices.',
      zh: '本色羊毛，150 × 200 厘米，甲板冷、办公室也冷时用。',
    },
    priceFen: 46_000,
    stock: 9,
  },
  {
    id: 'brass-compass',
    name: { en: 'Brass pocket compass', zh: '黄铜怀罗盘' },
    about: {
      en: 'Dry card, folding lid, points north without a battery.',
      zh: '干式罗盘，翻盖，不用电池也指北。',
    },
    priceFen: 26_800,
    stock: 18,
  },
  {
    id: 'thermos',
    name: { en: 'Steel thermos, 0.75 l', zh: '不锈钢保温壶 0.75 升' },
    about: {
      en: 'Tea at six in the evening is still tea at six in the morning.',
      zh: '傍晚六点的茶，清晨六点还是茶。',
    },
    priceFen: 15_900,
    stock: 41,
  },
  {
    id: 'raincoat',
    name: { en: 'Sailor’s raincoat', zh: '水手雨衣' },
    about: {
      en: 'Yellow, waxed, seams taped. One size for everybody over a jumper.',
      zh: '黄色，上蜡，接缝压胶。均码，里面能穿毛衣。',
    },
    priceFen: 39_800,
    stock: 12,
  },
  {
    id: 'captains-hat',
    name: { en: 'Captain’s cap', zh: '船长帽' },
    about: {
      en: 'For whoever decides. The next ones come with the spring ferry.',
      zh: '给做决定的人。下一批随春天的渡轮到。',
    },
    priceFen: 7500,
    stock: 0,
  },
  {
    id: 'binoculars',
    name: { en: 'Binoculars 7 × 50', zh: '双筒望远镜 7 × 50' },
    about: {
      en: 'Waterproof, floats, with a strap. Reads a ship’s name at two miles.',
      zh: '防水，能浮，带背带。两海里外读得出船名。',
    },
    priceFen: 68_000,
    stock: 6,
  },
  {
    id: 'model-junk',
    name: { en: 'Model of a Fujian junk', zh: '福船模型' },
    about: {
      en: 'Camphor wood, 48 cm, rigged by hand in six weeks.',
      zh: '樟木，48 厘米，手工六周装成。',
    },
    priceFen: 128_000,
    stock: 2,
  },
]
