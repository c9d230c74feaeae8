import { type Attribute, textAttribute, tokenPattern } from './attribute.ts'

/** Media sections that belong together, RFC 5888 §5. */
export interface GroupValue {
  /** `BUNDLE`, `LS` and others. */
  readonly semantics: string
  readonly mids: readonly string[]
}

/** `a=group:BUNDLE 0 1` */
export const Group: Attribute<GroupValue> = {
  name: 'group',
  parse(value) {
    const [semantics = '', ...mids] = value.split(' ').filter((part) => part !== '')
    return tokenPattern.test(semantics) ? { semantics, mids } : null
  },
  format: ({ semantics, mids }) => [semantics, ...mids].join(' '),
}

/** `a=mid:0`, RFC 5888 §4. */
export const Mid: Attribute<string> = textAttribute('mid', tokenPattern)
