/** The four steps in which two peers meet. */
export const steps = ['Signaling', 'Connecting', 'Securing', 'Communicating'] as const
export type Step = (typeof steps)[number]

/** What a peer process tells of itself: one line of JSON each with `--json`, sentences and bars without. */
export type Report =
  | {
      readonly step: 'Signaling'
      readonly event: 'joined'
      readonly channel: string
      readonly members: number
    }
  | {
      readonly step: 'Signaling'
      readonly event: 'message'
      readonly direction: Direction
      /** `offer`, `answer`, `candidate` … */
      readonly kind: string
    }
  | {
      readonly step: 'Connecting'
      readonly event: 'candidate'
      readonly side: 'local' | 'remote'
      /** `host 192.0.2.1:4242` */
      readonly candidate: string
    }
  | {
      readonly step: 'Connecting'
      readonly event: 'nominated'
      readonly local: string
      readonly remote: string
      readonly candidatesGathered: number
      readonly pairsChecked: number
    }
  | {
      readonly step: 'Securing'
      readonly event: 'secured'
      readonly version: string
      readonly cipherSuite: string
      /** `sha-256 AB:CD:…` of the peer's certificate, which matched its description. */
      readonly fingerprint: string
    }
  | {
      readonly step: 'Communicating'
      readonly event: 'progress'
      readonly direction: Direction
      readonly name: string
      readonly bytes: number
      readonly total: number
    }
  | {
      readonly step: 'Communicating'
      readonly event: 'file'
      readonly direction: Direction
      readonly name: string
      readonly bytes: number
      readonly seconds: number
      readonly sha256: string
    }
  | {
      readonly step: 'Communicating'
      readonly event: 'text'
      readonly direction: Direction
      readonly text: string
    }
  | { readonly step: Step; readonly event: 'failed'; readonly reason: string }
  | { readonly step: Step; readonly event: 'note'; readonly text: string }

export type Direction = 'sent' | 'received'

export interface Reporter {
  report(report: Report): void
  /** Ends progress bars; nothing is reported afterwards. */
  close(): void
}
