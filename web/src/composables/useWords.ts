/** Words for what the API names by code; an unknown code is shown as it is.
 *
 * Tables ask for thousands of them while they scroll, so what was found is kept for each language.
 */
import { i18n } from '@/i18n'

const found = new Map<string, string>()

function word(key: string, fallback: string): string {
  const { te, t, locale } = i18n.global
  const at = `${locale.value} ${key}`
  let text = found.get(at)
  if (text === undefined) {
    text = te(key) ? t(key) : ''
    found.set(at, text)
  }
  return text || fallback
}
const code = (text: string) => text.replaceAll('.', '_')

const words = {
  state: (noun: string, state: string) => word(`state.${noun}.${state}`, word(`state.any.${state}`, state)),
  kind: (kind: string) => word(`kind.${code(kind)}`, kind),
  step: (name: string) => word(`step.${code(name)}`, name),
  event: (type: string) => word(`event.${code(type)}`, type),
  noun: (noun: string) => word(`noun.${noun}`, noun),
  role: (role: string) => word(`role.${role}`, role),
  level: (level: string) => word(`level.${level}`, level),
  departmentKind: (kind: string) => word(`departmentKind.${kind}`, kind),
  resource: (resource: string) => word(`resource.${resource}`, resource),
  mode: (mode: string) => word(`mode.${mode}`, mode),
  fact: (name: string) => word(`fact.${name}`, name),
  movement: (movement: string) => word(`movement.${movement}`, movement),
}

export function useWords() {
  return words
}
