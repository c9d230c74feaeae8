import type { Attribute } from './attributes/attribute.ts'
import { attributeName, attributeValue, type Line, makeLine, quote } from './line.ts'
import { SdpError } from './sdp-error.ts'

/**
 * The lines of the session level or of one media section, in their order. Nothing is interpreted on the way in: a
 * line that nobody touches is written as it was read.
 */
export class Section {
  #lines: Line[]
  readonly #order: string

  /** `order` lists the line types in the order RFC 8866 §5 wants, for lines that are added. */
  constructor(lines: readonly Line[], order: string) {
    this.#lines = [...lines]
    this.#order = order
  }

  get lines(): readonly Line[] {
    return this.#lines
  }

  /** The value of the first line of this type. */
  line(type: string): string | undefined {
    return this.#lines.find((line) => line.type === type)?.value
  }

  /**
   * Replaces the first line of this type, or puts one where RFC 8866 §5 wants it, at the end if it does not know the type;
   * `undefined` removes all of them. Throws {@link SdpError} `structure` for a line that the other level has to itself.
   */
  setLine(type: string, value: string | undefined): void {
    if (value === undefined) {
      this.#lines = this.#lines.filter((line) => line.type !== type)
      return
    }
    const line = makeLine(type, value)
    const at = this.#lines.findIndex((other) => other.type === type)
    if (at === -1) this.#lines.splice(this.#placeFor(type), 0, line)
    else this.#lines[at] = line
  }

  has(name: string): boolean {
    return this.#lines.some((line) => isAttribute(line, name))
  }

  /** The text after the colon of the first `a=name:`; empty for a flag, `undefined` when there is none. */
  attribute(name: string): string | undefined {
    const line = this.#lines.find((other) => isAttribute(other, name))
    return line && attributeValue(line.value)
  }

  /** The values of all attributes of this name. */
  attributes(name: string): string[] {
    return this.#lines.filter((line) => isAttribute(line, name)).map((line) => attributeValue(line.value))
  }

  /** Adds `a=name:value`, or the flag `a=name`, after the last attribute of that name, else at the end. */
  addAttribute(name: string, value?: string): void {
    const last = this.#lines.findLastIndex((line) => isAttribute(line, name))
    this.#lines.splice(last === -1 ? this.#lines.length : last + 1, 0, attributeLine(name, value))
  }

  /** Replaces the first attribute of this name and removes the others; adds one at the end when there is none. */
  setAttribute(name: string, value?: string): void {
    const line = attributeLine(name, value)
    const first = this.#lines.findIndex((other) => isAttribute(other, name))
    if (first === -1) {
      this.#lines.push(line)
      return
    }
    this.#lines[first] = line
    this.#lines = this.#lines.filter((other, at) => at <= first || !isAttribute(other, name))
  }

  removeAttribute(name: string): void {
    this.#lines = this.#lines.filter((line) => !isAttribute(line, name))
  }

  /** The first attribute of this kind, read; `undefined` when there is none, or none that can be read. */
  get<T>(attribute: Attribute<T>): T | undefined {
    const value = this.attribute(attribute.name)
    return value === undefined ? undefined : (attribute.parse(value) ?? undefined)
  }

  /** All attributes of this kind that can be read. */
  getAll<T>(attribute: Attribute<T>): T[] {
    const read: T[] = []
    for (const text of this.attributes(attribute.name)) {
      const value = attribute.parse(text)
      if (value !== null) read.push(value)
    }
    return read
  }

  /** Writes the attribute; `undefined` removes it. Throws {@link SdpError} for a value that could not be read back. */
  set<T>(attribute: Attribute<T>, value: T | undefined): void {
    this.setAll(attribute, value === undefined ? [] : [value])
  }

  /** Writes one attribute for each value, where the first one stood; all of them, or, where it throws, none. */
  setAll<T>(attribute: Attribute<T>, values: readonly T[]): void {
    const { name } = attribute
    const lines = values.map((value) => attributeLine(name, formatChecked(attribute, value)))
    const first = this.#lines.findIndex((line) => isAttribute(line, name))
    const others = this.#lines.filter((line) => !isAttribute(line, name))
    others.splice(first === -1 ? others.length : first, 0, ...lines)
    this.#lines = others
  }

  /** Sets or removes the flag `a=name`. */
  setFlag(name: string, on: boolean): void {
    if (on) this.setAttribute(name)
    else this.removeAttribute(name)
  }

  #placeFor(type: string): number {
    const rank = this.#order.indexOf(type)
    if (rank === -1 && ONE_LEVEL.includes(type))
      throw new SdpError('structure', `${type}= has no place in this section`)
    if (rank === -1) return this.#lines.length
    const after = this.#lines.findIndex((line) => this.#order.indexOf(line.type) > rank)
    return after === -1 ? this.#lines.length : after
  }
}

function isAttribute(line: Line, name: string): boolean {
  return line.type === 'a' && attributeName(line.value) === name
}

function formatChecked<T>(attribute: Attribute<T>, value: T): string {
  const text = attribute.format(value)
  if (attribute.parse(text) === null)
    throw new SdpError('invalid-attribute', `not a valid attribute: ${quote(`${attribute.name}:${text}`)}`)
  return text
}

function attributeLine(name: string, value: string | undefined): Line {
  if (name === '' || name.includes(':')) throw new SdpError('syntax', `not a name: ${quote(name)}`)
  return makeLine('a', value === undefined ? name : `${name}:${value}`)
}

/** Lines that stand at one level alone: a parser refuses them, or begins another section, anywhere else. */
const ONE_LEVEL = 'vostm'
