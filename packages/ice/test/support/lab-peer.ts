/**
 * Agents in a process of their own, inside a network namespace of the NAT laboratory. Commands come as lines of JSON, and
 * what happens goes out as such.
 */
import { createInterface } from 'node:readline'

import { formatCandidate, parseCandidate } from '../../src/index.ts'
import { NodeIceTransport } from '../../src/node/index.ts'
import type { LabCommand, LabReport } from './lab-protocol.ts'

const agents = new Map<number, NodeIceTransport>()
const report = (line: LabReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  void run(JSON.parse(line) as LabCommand)
})
report({ id: 0, event: 'ready' })

async function run(command: LabCommand): Promise<void> {
  const { id } = command
  const agent = agents.get(id)
  if (command.do === 'start') {
    start(command)
  } else if (command.do === 'remote') {
    agent?.setRemoteCredentials(command.credentials)
  } else if (command.do === 'candidate') {
    agent?.addRemoteCandidate(command.line === null ? null : parseCandidate(command.line))
  } else if (command.do === 'send') {
    agent?.send(new TextEncoder().encode(command.text))
  } else {
    agents.delete(id)
    await agent?.close()
    report({ id, event: 'closed' })
  }
}

function start({ id, options }: Extract<LabCommand, { do: 'start' }>): void {
  const agent = new NodeIceTransport(options, {
    candidateGathered: (candidate) =>
      report({ id, event: 'candidate', line: candidate && formatCandidate(candidate) }),
    candidateError: ({ code, url = '' }) => report({ id, event: 'error', code, url }),
    gatheringStateChanged: () => undefined,
    stateChanged: (state) => report({ id, event: 'state', state }),
    pairSelected: ({ local, remote }) =>
      report({
        id,
        event: 'selected',
        local: local.type,
        remote: remote.type,
        family: local.address.includes(':') ? 'IPv6' : 'IPv4',
        transport: local.transport,
        relayProtocol: local.relayProtocol ?? null,
      }),
    received: (_now, bytes) => report({ id, event: 'received', text: new TextDecoder().decode(bytes) }),
  })
  agents.set(id, agent)
  report({ id, event: 'credentials', credentials: agent.agent.localCredentials })
  void agent.gather()
}
