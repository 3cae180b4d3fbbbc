/** Facts of a drift as people read them: names of ours in words, values as they are. */
import type { Fact } from '@/api/types'
import { useFormat } from '@/composables/useFormat'
import { useWords } from '@/composables/useWords'

export interface Told {
  name: string
  label: string
  text: string
}

export function useFacts(): (facts: Fact[]) => Told[] {
  const words = useWords()
  const format = useFormat()
  const shown = (fact: Fact): string => {
    if (fact.value === '') return words.fact('none')
    if (['true', 'false'].includes(fact.value)) return words.fact(`${fact.name}_${fact.value}`)
    if (fact.name === 'power') return words.state('power', fact.value)
    if (fact.name === 'mode') return words.mode(fact.value)
    if (fact.name === 'memory_mib') return format.mib(Number(fact.value))
    if (fact.name.endsWith('_gib')) return format.gib(Number(fact.value))
    return fact.value
  }
  return (facts) => facts.map((fact) => ({ name: fact.name, label: words.fact(fact.name), text: shown(fact) }))
}

/** In one line; of a list of many, what makes the difference is enough. */
const GIST = ['added', 'missing', 'unmanaged']
export function said(facts: Told[]): string {
  const gist = facts.filter((fact) => GIST.includes(fact.name))
  return (gist.length ? gist : facts).map((fact) => `${fact.label} ${fact.text}`).join(' · ')
}
