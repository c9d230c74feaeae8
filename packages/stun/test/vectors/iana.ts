import { readFileSync } from 'node:fs'

/** A row of one of IANA's "STUN Parameters" tables, without what is reserved or unassigned. */
export interface Assignment {
  readonly value: number
  readonly name: string
  /** The RFC that defines it; empty where a vendor has registered it. */
  readonly reference: string
}

export type Registry = 'attributes' | 'methods' | 'error-codes' | 'password-algorithms' | 'security-features'

export function iana(registry: Registry): readonly Assignment[] {
  const text = readFileSync(new URL(`./iana-${registry}.csv`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => {
      const [value = '', name = '', reference = ''] = row.split(',')
      return { value: Number(value), name, reference }
    })
}
