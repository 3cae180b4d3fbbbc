/** Who is signed in, and what they may do. */
import { api, configure } from '@/api/client'
import type { Session } from '@/api/types'
import { computed, ref } from 'vue'

const session = ref<Session | null>(null)
let asked: Promise<void> | null = null
// The cookie can't be read from here. Without this note nobody signed in with this browser, and there is nothing to
// ask the server for.
const NOTE = 'egov.signedIn'

function adopt(value: Session | null): void {
  session.value = value
  if (value) localStorage.setItem(NOTE, '1')
  else localStorage.removeItem(NOTE)
  configure({ csrf: value?.csrf_token ?? '' })
}

/** Whether somebody has signed in with this browser and not out again, as far as it knows. */
export const wasSignedIn = () => !!localStorage.getItem(NOTE)

/** Asks once for the session of the cookie; a 401 means that there is none. */
export function restoreSession(): Promise<void> {
  asked ??= wasSignedIn()
    ? api
        .session<Session>('GET')
        .then(adopt)
        .catch(() => adopt(null))
    : Promise.resolve()
  return asked
}

export function forgetSession(): void {
  adopt(null)
}

export function useSession() {
  const permissions = computed(() => new Set(session.value?.permissions ?? []))
  return {
    session,
    user: computed(() => session.value?.user ?? null),
    mustChangePassword: computed(() => session.value?.must_change_password ?? false),
    /** True where any of the permissions is held; the server decides anyway. */
    may: (...wanted: string[]) => wanted.some((p) => permissions.value.has(p)),
    async signIn(username: string, password: string) {
      adopt(await api.session<Session>('POST', { username, password }))
    },
    async signOut() {
      await api.session('DELETE').catch(() => undefined)
      adopt(null)
    },
    async changePassword(old_password: string, new_password: string) {
      await api.put('/session/password', { old_password, new_password })
      adopt(await api.session<Session>('GET'))
    },
  }
}
