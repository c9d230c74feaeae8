/** What a DNS SRV record says, RFC 2782. */
export interface SrvRecord {
  /** The host that offers the service; `.` or empty says that nobody does. */
  readonly name: string
  readonly port: number
  /** Lower is tried first. */
  readonly priority: number
  /** The share of those with the same priority. */
  readonly weight: number
}

/**
 * The records in the order to try them, RFC 2782: by priority, and within one by chance in proportion to the weights.
 *
 * @param random a number from 0 to 1, 1 excluded
 */
export function orderSrvRecords(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  // Those without weight come first, so that chance picks them at all.
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight)
  const ordered: SrvRecord[] = []
  while (left.length > 0) {
    const priority = left[0]?.priority
    const group = left.filter((record) => record.priority === priority)
    const total = group.reduce((sum, { weight }) => sum + weight, 0)
    let share = Math.floor(random() * (total + 1))
    const chosen = group.findIndex(({ weight }) => (share -= weight) <= 0)
    ordered.push(...left.splice(Math.max(0, chosen), 1))
  }
  return ordered
}
