/** Words for what the API names by code; an unknown code is shown as it is. */
import { useI18n } from 'vue-i18n'

export function useWords() {
  const { t, te } = useI18n()
  const word = (key: string, fallback: string) => (te(key) ? t(key) : fallback)
  return {
    state: (noun: string, state: string) => word(`state.${noun}.${state}`, word(`state.any.${state}`, state)),
    kind: (kind: string) => word(`kind.${kind.replaceAll('.', '_')}`, kind),
    step: (name: string) => word(`step.${name.replaceAll('.', '_')}`, name),
    event: (type: string) => word(`event.${type.replaceAll('.', '_')}`, type),
    noun: (noun: string) => word(`noun.${noun}`, noun),
    role: (role: string) => word(`role.${role}`, role),
    level: (level: string) => word(`level.${level}`, level),
    departmentKind: (kind: string) => word(`departmentKind.${kind}`, kind),
    resource: (resource: string) => word(`resource.${resource}`, resource),
    mode: (mode: string) => word(`mode.${mode}`, mode),
    movement: (movement: string) => word(`movement.${movement}`, movement),
  }
}
