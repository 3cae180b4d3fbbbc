/** Round numbers for an axis: at most `count` steps of 1, 2 or 5 times a power of ten. */
export function ticks(most: number, count = 4): number[] {
  if (!(most > 0)) return [0, 1]
  const rough = most / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((n) => n * power >= rough) ?? 10) * power
  const out: number[] = []
  for (let value = 0; value < most + step; value += step) out.push(value)
  return out
}

/** Indexes of the first day of each month, thinned to at most `most` labels. */
export function monthStarts(dates: string[], most: number): number[] {
  const starts: number[] = []
  dates.forEach((date, i) => {
    if (i > 0 && date.slice(0, 7) !== dates[i - 1]?.slice(0, 7)) starts.push(i)
  })
  const every = Math.max(1, Math.ceil(starts.length / Math.max(1, most)))
  return starts.filter((_, i) => i % every === 0)
}
