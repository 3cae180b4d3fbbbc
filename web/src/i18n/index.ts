/** Two languages, each a chunk of its own; Chinese first. */
import { api, configure } from '@/api/client'
import { createI18n, type MessageCompiler, type MessageContext } from 'vue-i18n'

export type Language = 'zh' | 'en'
export const LANGUAGES: Record<Language, string> = { zh: '中文', en: 'English' }
const KEY = 'egov.language'

const loaders: Record<Language, () => Promise<{ default: Record<string, unknown> }>> = {
  zh: () => import('./zh'),
  en: () => import('./en'),
}

/**
 * Our texts have places to fill, `{name}`, and nothing else: the library's own compiler, which knows plurals, links and
 * lists, took a twentieth of the time to the first page.
 */
const compiled = new Map<unknown, ReturnType<MessageCompiler>>()
const messageCompiler: MessageCompiler = (text) => {
  let message = compiled.get(text)
  if (!message) {
    const parts = String(text).split(/\{(\w+)\}/)
    message = (words: MessageContext) => parts.map((part, i) => (i % 2 ? String(words.named(part) ?? '') : part)).join('')
    compiled.set(text, message)
  }
  return message
}

export const i18n = createI18n({ legacy: false, locale: 'zh', fallbackLocale: false, messages: {}, messageCompiler })

/** What was chosen in this browser; Chinese until then. */
export function preferredLanguage(): Language {
  const stored = localStorage.getItem(KEY)
  return stored === 'en' ? 'en' : 'zh'
}

export async function setLanguage(language: Language, options: { keep?: boolean; tell?: boolean } = {}): Promise<void> {
  if (!i18n.global.availableLocales.includes(language as never)) {
    const messages = await loaders[language]()
    i18n.global.setLocaleMessage(language, messages.default as never)
  }
  i18n.global.locale.value = language as never
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  configure({ language })
  if (options.keep) localStorage.setItem(KEY, language)
  if (options.tell) await api.put('/session/language', { language }).catch(() => undefined)
}

/** The account's own language counts where nothing was chosen in this browser. */
export async function adoptLanguage(language: string): Promise<void> {
  if (!localStorage.getItem(KEY) && (language === 'zh' || language === 'en')) await setLanguage(language)
}
