/// <reference types="vite/client" />
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent<object, object, unknown>
  export default component
}
declare module '@novnc/novnc' {
  /** The part of noVNC's RFB client that the screen page uses (its docs/API.md). */
  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, url: string, options?: { credentials?: { password?: string }; wsProtocols?: string[] })
    scaleViewport: boolean
    resizeSession: boolean
    viewOnly: boolean
    background: string
    focusOnClick: boolean
    disconnect(): void
    focus(): void
    sendCtrlAltDel(): void
    clipboardPasteFrom(text: string): void
  }
}
