/** Numbers, sizes and times in the reader's language. */
import { i18n } from '@/i18n'
import { computed, ref } from 'vue'

// One clock for every relative time on the page.
const now = ref(Date.now())
setInterval(() => (now.value = Date.now()), 10_000)

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
]

const { locale, t } = i18n.global
const tag = computed(() => (locale.value === 'zh' ? 'zh-CN' : 'en-GB'))
const relative = computed(() => new Intl.RelativeTimeFormat(tag.value, { numeric: 'auto', style: 'short' }))
const full = computed(
  () => new Intl.DateTimeFormat(tag.value, { dateStyle: 'medium', timeStyle: 'medium', hour12: false }),
)

/** Chinese and English both write 1,234.5, and to make an Intl.NumberFormat takes longer than to paint a page of it. */
function number(value: number, digits = 0): string {
  const [whole, part] = String(Number(value.toFixed(digits))).split('.')
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',')
  return part ? `${grouped}.${part}` : grouped
}
const gib = (value: number) => (value >= 1024 ? `${number(value / 1024, 1)} TiB` : `${number(value)} GiB`)
const mib = (value: number) => (value >= 1024 ? gib(value / 1024) : `${number(value)} MiB`)

function ago(at: string): string {
  let distance = (Date.parse(at) - now.value) / 1000
  // The clock ticks every ten seconds: what lies within a tick is now.
  if (Math.abs(distance) < 10) return t('time.now')
  for (const [unit, size] of STEPS) {
    if (Math.abs(distance) < size) return relative.value.format(Math.round(distance), unit)
    distance /= size
  }
  return at
}

/** Time between two moments, or until now: 3 s, 2 min 5 s, 1 h 4 min. */
function duration(from: string | null, to: string | null): string {
  if (!from) return '–'
  const s = Math.max(0, Math.round(((to ? Date.parse(to) : Math.max(now.value, Date.now())) - Date.parse(from)) / 1000))
  if (s < 60) return t('time.seconds', { s })
  if (s < 3600) return t('time.minutes', { m: Math.floor(s / 60), s: s % 60 })
  return t('time.hours', { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) })
}

/** A count of a quota's resource with its unit. */
function amount(resource: string, value: number): string {
  if (resource === 'memory_mib') return mib(value)
  if (resource === 'volume_gib' || resource === 'object_gib' || resource === 'storage_gib') return gib(value)
  return number(value)
}

function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let size = value / 1024
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${number(size, 1)} ${units[unit]}`
}

const format = { number, gib, mib, amount, bytes, ago, duration, absolute: (at: string) => full.value.format(new Date(at)) }

/** One set for the whole console: a table of a hundred rows makes no formatter of its own. */
export function useFormat() {
  return format
}
