/** Where a peer is. */
export interface RemoteAddress {
  readonly address: string
  readonly port: number
}

/** The name that associations know an address by. */
export const pathOf = ({ address, port }: RemoteAddress): string => `${address} ${port}`

/** The address of such a name. */
export function remoteOf(path: string): RemoteAddress {
  const at = path.lastIndexOf(' ')
  return { address: path.slice(0, at), port: Number(path.slice(at + 1)) }
}
