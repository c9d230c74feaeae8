import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { getuid } from 'node:process'

import { innerRules, type LaboratoryNat, type NatSite, outerRules } from './nat-rules.ts'

export interface SiteOptions {
  readonly nat: LaboratoryNat
  /** Hosts behind the NAT, each in a network of its own. Default 1. */
  readonly clients?: number
}

/** What a site's way to the public network does to packets, in both directions. */
export interface Impairment {
  /** Of a hundred. */
  readonly lossPercent?: number
  /** As `tc` has it, `1mbit` for instance; at most 50 ms of it wait. */
  readonly rate?: string
}

/**
 * Real NATs in network namespaces of this machine: a public network with the addresses
 * {@link NatLaboratory.publicAddresses}, and sites, each of them clients behind a home's router behind a carrier's.
 * Linux's own translation is what processes in there meet. Needs root, `ip` and `nft`; nothing leaves the namespaces.
 *
 *     client (10.0.<n>.2) ── inner (home) ── outer (198.51.100.<n>) ── public (198.51.100.1)
 *
 * @example
 * const lab = new NatLaboratory()
 * lab.addSite('a', { nat: 'symmetric' })
 * const peer = lab.spawn('a', 'node', ['peer.js'])
 * lab.setNat('a', 'port-restricted')
 * lab.close()
 */
export class NatLaboratory {
  readonly publicAddresses: readonly string[] = ['198.51.100.1', '198.51.100.2', 'fd00:100::1']
  readonly #prefix = `lab${process.pid}`
  readonly #namespaces: string[] = []
  readonly #sites = new Map<string, NatSite & { readonly number: number }>()
  readonly #children = new Set<ChildProcessWithoutNullStreams>()
  #nextNumber = 10

  constructor() {
    this.#addNamespace('public')
    this.#ip('public', 'link add br0 type bridge', 'link set br0 up')
    for (const address of this.publicAddresses)
      this.#ip('public', `addr add ${address}/${address.includes(':') ? '64 nodad' : '24'} dev br0`)
    this.#inside('public', 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1')
    // Without it a relay's socket gets ENETUNREACH for a peer's private address, and falls silent.
    this.#ip('public', 'route add default dev br0')
  }

  /** Why there can be no laboratory on this machine; null where there can. */
  static whyNot(): string | null {
    if (getuid?.() !== 0) return 'a NAT laboratory needs root'
    for (const program of ['ip', 'nft', 'tc'])
      if (spawnSync(program, ['-V']).error !== undefined) return `${program} is not installed`
    const probe = `labprobe${process.pid}`
    const { status } = spawnSync('ip', ['netns', 'add', probe])
    spawnSync('ip', ['netns', 'del', probe])
    return status === 0 ? null : 'this kernel or container has no network namespaces'
  }

  /** Clients of site `name` are called `name`, and `name2`, `name3` … where there are several. */
  addSite(name: string, { nat, clients = 1 }: SiteOptions): void {
    const number = this.#nextNumber
    this.#nextNumber += 10
    this.#addRouters(name, number)
    const site = {
      number,
      outside: `198.51.100.${number}`,
      clients: Array.from({ length: clients }, (_, i) => this.#addClient(name, number, i)),
    }
    this.#sites.set(name, site)
    this.setNat(name, nat)
  }

  /** What was mapped before stays mapped for sockets that are there already. */
  setNat(name: string, nat: LaboratoryNat): void {
    const site = this.#site(name)
    this.#nft(`${name}-outer`, outerRules(nat, site))
    this.#nft(`${name}-inner`, innerRules(nat))
    for (const [i] of site.clients.entries()) this.#setFamily(name, site.number, i, nat === 'ipv6-only')
  }

  /** The addresses and UDP ports of a site's clients: full cones and hairpins forward these ports alone. */
  clientsOf(name: string): NatSite['clients'] {
    return this.#site(name).clients
  }

  impair(name: string, { lossPercent = 0, rate }: Impairment): void {
    const outer = `${name}-outer`
    this.#nft(outer, 'add table inet impaired\ndelete table inet impaired\n')
    if (lossPercent > 0)
      this.#nft(
        outer,
        `table inet impaired { chain forw { type filter hook forward priority -10; numgen random mod 100 < ${lossPercent} drop;\n}\n}\n`,
      )
    for (const device of ['in', 'out']) {
      this.#run(
        'ip',
        ['netns', 'exec', this.#nameOf(outer), 'tc', 'qdisc', 'del', 'dev', device, 'root'],
        true,
      )
      if (rate !== undefined)
        this.#inside(outer, `tc qdisc add dev ${device} root tbf rate ${rate} burst 32kbit latency 50ms`)
    }
  }

  /** Nothing passes the site's router any more; `restore` lets it pass again. */
  cut(name: string): void {
    this.#nft(
      `${name}-outer`,
      'table inet cut { chain forw { type filter hook forward priority -20; drop;\n}\n}\n',
    )
  }

  restore(name: string): void {
    this.#nft(`${name}-outer`, 'add table inet cut\ndelete table inet cut\n')
  }

  /** The router forgets all mappings that it made by masquerading, as one does that was restarted. */
  rebind(name: string): void {
    const outer = `${name}-outer`
    const { number } = this.#site(name)
    // Taking the interface down is what makes the kernel drop masqueraded connections.
    this.#ip(outer, 'link set out down', 'link set out up', 'route add default via 198.51.100.1')
    this.#ip(
      outer,
      `addr replace fd00:100::${number}/64 dev out nodad`,
      'route replace default via fd00:100::1',
    )
  }

  /** A client's interface comes or goes. `number` counts its interfaces from 1; 1 is the one it began with. */
  setInterface(client: string, isUp: boolean): void {
    this.#ip(client, `link set eth0 ${isUp ? 'up' : 'down'}`)
    if (!isUp) return
    const site = [...this.#sites].find(([name]) => client.startsWith(name))
    const index = Number(/\d*$/.exec(client)?.[0] ?? 1) || 1
    if (site !== undefined) this.#ip(client, `route replace default via 10.0.${site[1].number + index - 1}.1`)
  }

  /** Starts a program as a client, or in `public`; ended by {@link NatLaboratory.close} at the latest. */
  spawn(where: string, command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn('ip', ['netns', 'exec', this.#nameOf(where), command, ...args])
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  /** Ends what runs inside, and removes all namespaces. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const namespace of this.#namespaces.splice(0)) this.#run('ip', ['netns', 'del', namespace], true)
  }

  #addRouters(name: string, number: number): void {
    const outer = `${name}-outer`
    const inner = `${name}-inner`
    for (const router of [outer, inner]) {
      this.#addNamespace(router)
      this.#inside(router, 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1')
    }
    this.#ip('public', `link add v${number} type veth peer name out netns ${this.#nameOf(outer)}`)
    this.#ip('public', `link set v${number} master br0 up`)
    this.#ip(outer, 'link set out up', `addr add 198.51.100.${number}/24 dev out`)
    this.#ip(outer, `addr add fd00:100::${number}/64 dev out nodad`)
    this.#ip(outer, 'route add default via 198.51.100.1', 'route add default via fd00:100::1')
    this.#ip(outer, `link add in type veth peer name out netns ${this.#nameOf(inner)}`)
    this.#ip(outer, 'link set in up', `addr add 100.64.${number}.1/24 dev in`)
    this.#ip(outer, `addr add fd00:64:${number}::1/64 dev in nodad`)
    this.#ip(inner, 'link set out up', `addr add 100.64.${number}.2/24 dev out`)
    this.#ip(inner, `addr add fd00:64:${number}::2/64 dev out nodad`)
    this.#ip(inner, `route add default via 100.64.${number}.1`, `route add default via fd00:64:${number}::1`)
  }

  #addClient(name: string, number: number, index: number): NatSite['clients'][number] {
    const subnet = number + index
    const client = index === 0 ? name : `${name}${index + 1}`
    this.#addNamespace(client)
    const device = `in${index}`
    this.#ip(`${name}-inner`, `link add ${device} type veth peer name eth0 netns ${this.#nameOf(client)}`)
    this.#ip(`${name}-inner`, `link set ${device} up`, `addr add 10.0.${subnet}.1/24 dev ${device}`)
    this.#ip(`${name}-inner`, `addr add fd00:${subnet}::1/64 dev ${device} nodad`)
    this.#ip(client, 'link set eth0 up')
    this.#ip(`${name}-outer`, `route add 10.0.${subnet}.0/24 via 100.64.${number}.2`)
    this.#ip(`${name}-outer`, `route add fd00:${subnet}::/64 via fd00:64:${number}::2`)
    this.#ip('public', `route add 10.0.${subnet}.0/24 via 198.51.100.${number}`)
    this.#ip('public', `route add fd00:${subnet}::/64 via fd00:100::${number}`)
    const minPort = 40_000 + 1_000 * index
    return { address: `10.0.${subnet}.2`, minPort, maxPort: minPort + 999 }
  }

  #setFamily(name: string, number: number, index: number, isIpv6: boolean): void {
    const subnet = number + index
    const client = index === 0 ? name : `${name}${index + 1}`
    this.#ip(client, 'addr flush dev eth0')
    if (isIpv6)
      this.#ip(
        client,
        `addr add fd00:${subnet}::2/64 dev eth0 nodad`,
        `route replace default via fd00:${subnet}::1`,
      )
    else
      this.#ip(client, `addr add 10.0.${subnet}.2/24 dev eth0`, `route replace default via 10.0.${subnet}.1`)
  }

  #site(name: string): NatSite & { readonly number: number } {
    const site = this.#sites.get(name)
    if (site === undefined) throw new Error(`there is no site ${name}`)
    return site
  }

  #addNamespace(name: string): void {
    this.#run('ip', ['netns', 'add', this.#nameOf(name)])
    this.#namespaces.push(this.#nameOf(name))
    this.#ip(name, 'link set lo up')
  }

  #nameOf(name: string): string {
    return `${this.#prefix}-${name}`
  }

  #ip(namespace: string, ...commands: readonly string[]): void {
    for (const command of commands) this.#run('ip', ['-n', this.#nameOf(namespace), ...command.split(' ')])
  }

  #inside(namespace: string, command: string): void {
    this.#run('ip', ['netns', 'exec', this.#nameOf(namespace), ...command.split(' ')])
  }

  #nft(namespace: string, rules: string): void {
    this.#run('ip', ['netns', 'exec', this.#nameOf(namespace), 'nft', '-f', '-'], false, rules)
  }

  #run(program: string, args: readonly string[], mayFail = false, input = ''): void {
    const { status, stderr } = spawnSync(program, args, { input })
    if (status !== 0 && !mayFail)
      throw new Error(`${program} ${args.join(' ')}: ${stderr.toString()}${input}`)
  }
}
