/** A flag that this shim does not know, or a value of one: the runner calls such a test unimplemented. */
export class Unimplemented extends Error {
  override readonly name = 'Unimplemented'
}

/** An identity for the shim, by the files that the runner has written. */
export interface Credential {
  readonly kind: 'x509' | 'rpk'
  certFile: string
  keyFile: string
  readonly signingPreferences: number[]
  mustMatchIssuer: boolean
}

/** What one connection is to do. Absent values are the empty string, zero, false and the empty list. */
export class Options {
  readonly #switches = new Set<string>()
  readonly #texts = new Map<string, string>()
  readonly #lists = new Map<string, number[]>()
  readonly credentials: Credential[] = []
  readonly default: Credential = newCredential('x509')

  has(name: Switch): boolean {
    return this.#switches.has(name)
  }

  isSet(name: Text | Numeric): boolean {
    return this.#texts.has(name)
  }

  text(name: Text): string {
    return this.#texts.get(name) ?? ''
  }

  number(name: Numeric): number {
    return Number(this.#texts.get(name) ?? '0')
  }

  list(name: List): readonly number[] {
    return this.#lists.get(name) ?? []
  }

  /** Applies one flag; `next` draws its value. */
  apply(name: string, next: () => string): void {
    if (isOneOf(switches, name)) this.#switches.add(name)
    else if (isOneOf(texts, name) || isOneOf(numerics, name)) this.#texts.set(name, next())
    else if (isOneOf(lists, name)) this.#lists.set(name, [...this.list(name), Number(next())])
    else if (!this.#applyCredential(name, next)) throw new Unimplemented(`flag -${name}`)
  }

  #applyCredential(name: string, next: () => string): boolean {
    const credential = this.credentials.at(-1) ?? this.default
    if (name === 'new-x509-credential') this.credentials.push(newCredential('x509'))
    else if (name === 'new-rpk-credential') this.credentials.push(newCredential('rpk'))
    else if (name === 'cert-file') credential.certFile = next()
    else if (name === 'key-file') credential.keyFile = next()
    else if (name === 'signing-prefs') credential.signingPreferences.push(Number(next()))
    else if (name === 'must-match-issuer') credential.mustMatchIssuer = true
    else return false
    return true
  }
}

/** The command line of one run: where the runner listens, and what each connection does. */
export interface Flags {
  readonly initial: Options
  readonly resume: Options
}

/** Reads the runner's flags. `-on-initial-x` holds for the first connection alone, `-on-resume-x` for the later ones. */
export function parseFlags(args: readonly string[]): Flags {
  const flags: Flags = { initial: new Options(), resume: new Options() }
  const waiting = [...args]
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    const [, scope, name] = /^-(?:on-(initial|resume|retry)-)?(.+)$/.exec(arg) ?? []
    if (name === undefined) throw new Unimplemented(`argument ${arg}`)
    let value: string | undefined
    const next = (): string => {
      value ??= waiting.shift()
      if (value === undefined) throw new Error(`${arg} needs a value`)
      return value
    }
    if (scope === 'retry') throw new Unimplemented(arg)
    if (scope !== 'resume') flags.initial.apply(name, next)
    if (scope !== 'initial') flags.resume.apply(name, next)
  }
  return flags
}

const newCredential = (kind: Credential['kind']): Credential => ({
  kind,
  certFile: '',
  keyFile: '',
  signingPreferences: [],
  mustMatchIssuer: false,
})

const isOneOf = <T extends string>(names: readonly T[], name: string): name is T =>
  (names as readonly string[]).includes(name)

const switches = [
  'is-handshaker-supported',
  'server',
  'dtls',
  'ipv6',
  // How BoringSSL's own calls are made, which is nothing to a machine without input and output of its own.
  'async',
  'implicit-handshake',
  'use-old-client-cert-callback',
  'use-early-callback',
  'use-custom-verify-callback',
  // What the runner itself checks as well, and what stands for "as everywhere".
  'enable-grease',
  'permute-extensions',
  'no-tls1',
  'no-tls11',
  'no-tls12',
  'no-tls13',
  'no-ticket',
  'shim-writes-first',
  'shim-shuts-down',
  'check-close-notify',
  'send-alert',
  'verify-peer',
  'verify-fail',
  'expect-verify-result',
  'require-any-client-certificate',
  'expect-no-peer-cert',
  'use-export-context',
  'key-update',
  'key-update-before-read',
  'expect-session-miss',
  'expect-no-session',
  'expect-no-session-id',
  'expect-session-id',
  'expect-hrr',
  'expect-no-hrr',
  'expect-extended-master-secret',
  'decline-alpn',
  'reject-alpn',
  'select-empty-alpn',
  'expect-no-server-name',
  'expect-ticket-renewal',
  'renew-ticket',
  'reverify-on-resume',
  'renegotiate-freely',
  'renegotiate-ignore',
] as const
export type Switch = (typeof switches)[number]

const texts = [
  'trust-cert',
  'host-name',
  'expect-server-name',
  'advertise-alpn',
  'select-alpn',
  'expect-alpn',
  'expect-advertised-alpn',
  'export-label',
  'export-context',
  'srtp-profiles',
  'psk',
  'psk-identity',
  'cipher',
] as const
export type Text = (typeof texts)[number]

const numerics = [
  'port',
  'shim-id',
  'resume-count',
  'min-version',
  'max-version',
  'expect-version',
  'mtu',
  'initial-timeout-duration-ms',
  'export-keying-material',
  'expect-curve-id',
  'expect-cipher',
  'expect-peer-signature-algorithm',
  'expect-selected-credential',
  'max-cert-list',
] as const
export type Numeric = (typeof numerics)[number]

// `available-client-cert-types` is what the credentials say.
const lists = ['curves', 'verify-prefs', 'available-client-cert-types'] as const
export type List = (typeof lists)[number]
