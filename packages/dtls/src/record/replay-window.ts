/**
 * Which of the latest sequence numbers have been seen, RFC 6347 §4.1.2.6. A ring of 32-bit words that the window
 * slides over without shifting (the method of RFC 6479), since nothing is in order on a network that spreads load.
 */
export class ReplayWindow {
  /** How many numbers behind the highest are still told apart; anything older counts as seen. */
  static readonly size: number = 480
  readonly #words = new Uint32Array(ReplayWindow.size / 32 + 1)
  /** Number of the word that holds the highest sequence number. */
  #newest = 0

  /** Whether the number is neither seen nor too old. Does not change the window: authenticate the record first. */
  isFresh(sequence: number): boolean {
    const word = Math.floor(sequence / 32)
    if (word > this.#newest) return true
    if (word <= this.#newest - this.#words.length) return false
    return (this.#words[word % this.#words.length]! & (1 << (sequence % 32))) === 0
  }

  /** Marks an authentic record's number as seen. */
  accept(sequence: number): void {
    const word = Math.floor(sequence / 32)
    const words = this.#words
    if (word > this.#newest) {
      if (word - this.#newest >= words.length) words.fill(0)
      else for (let i = this.#newest + 1; i <= word; i++) words[i % words.length] = 0
      this.#newest = word
    }
    words[word % words.length]! |= 1 << (sequence % 32)
  }
}
