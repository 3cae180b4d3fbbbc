/** What people call the program behind a User-Agent: name and system, as far as they can be told. */
const NAMES: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/(?:Headless)?Chrome\/|Chromium\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/python-httpx|egovctl/, 'egovctl'],
]
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]
const first = (table: [RegExp, string][], agent: string) => table.find(([pattern]) => pattern.test(agent))?.[1]

export function browserOf(agent: string): string {
  const known = [first(NAMES, agent), first(SYSTEMS, agent)].filter(Boolean).join(' · ')
  return known || agent.slice(0, 40) || '–'
}
