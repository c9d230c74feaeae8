/** What the load generator needs of a connection, whatever its frames look like. */
export interface BusyClient {
  onText: (text: Buffer) => void
  onOpen: () => void
  onClose: () => void
  /** One frame a text, all in one write. */
  send(...texts: readonly string[]): void
  close(): void
}
