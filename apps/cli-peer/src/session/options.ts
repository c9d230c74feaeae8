/** What a peer process is asked to do. It is done when all of it is done. */
export interface SessionOptions {
  readonly channel: string
  /** URL of the signalling server. */
  readonly signaling: string
  /** Paths of files to send. */
  readonly send: readonly string[]
  /** How many files to wait for. */
  readonly receive: number
  /** Texts to send once connected. */
  readonly say: readonly string[]
  /** How many texts to wait for. */
  readonly listen: number
  /** Whether lines of the standard input are sent, until it ends or the peer goes. */
  readonly chat: boolean
  /** Folder for received files. */
  readonly output: string
  readonly relay: boolean
  readonly datagram: boolean
  readonly loopback: boolean
  /** Seconds until a connection must stand. */
  readonly timeout: number
}
