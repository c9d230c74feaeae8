/** What the client needs of a WebSocket: the browser's, Node's (22 and later), and the one of `ws` all have it. */
export interface WebSocketLike {
  /** The sub-protocol that the server chose. */
  readonly protocol: string
  binaryType: string
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** The platform's own WebSocket; `undefined` on Node 20. */
export function platformWebSocket(): WebSocketConstructor | undefined {
  return (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket
}
