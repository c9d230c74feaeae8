#!/usr/bin/env node
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { asError } from '@purertc/bytes'
import { formatAddress, transportAddress } from '@purertc/stun'

import type { ListeningAddress } from '../listener.ts'
import { serveMetrics } from './metrics-endpoint.ts'
import type { ProcessStart } from './process-messages.ts'
import { Processes } from './processes.ts'
import { alternatesOf, relayAddressesOf, serve } from './serve.ts'
import { readSettings, type Settings } from './settings.ts'
import { obey, openShare, readStart, tellFailure } from './worker.ts'

const settings = readSettings(process.argv.slice(2))
const start = readStart()
if (start !== null) await runWorker(start)
else if (settings.processes > 1) await runProcesses(settings.processes)
else await runAlone()

async function runAlone(): Promise<void> {
  try {
    const server = await serve(settings)
    const metrics = await endpoint(() => Promise.resolve(server.metrics()))
    announce(server.addresses)
    onSignal(async () => {
      await server.drain(settings.drain, alternatesOf(settings))
      await server.close()
      metrics?.close()
    })
  } catch (error) {
    fail(asError(error).message)
  }
}

async function runProcesses(count: number): Promise<void> {
  let metrics: Server | null = null
  const { allocationsPerUser, maxAllocations } = settings
  const processes = new Processes(
    count,
    { perUser: allocationsPerUser, total: maxAllocations },
    {
      ready: (addresses) => announce(addresses),
      failed: (reason) => {
        fail(reason)
        metrics?.close()
      },
    },
  )
  onSignal(() => {
    processes.stop()
    metrics?.close()
  })
  metrics = await endpoint(() => processes.collect())
}

async function runWorker(start: ProcessStart): Promise<void> {
  try {
    const share = await openShare(start)
    const server = await serve(settings, { share, addresses: start.addresses })
    // The first process says when it is over: a terminal's signal goes to all.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
    let isStopping = false
    const stop = async (): Promise<void> => {
      if (isStopping) return
      isStopping = true
      await server.drain(settings.drain, alternatesOf(settings))
      await server.close()
      process.disconnect()
    }
    obey(server, share, () => void stop())
    process.once('disconnect', () => void server.close())
  } catch (error) {
    tellFailure(asError(error))
    process.disconnect()
  }
}

async function endpoint(collect: Parameters<typeof serveMetrics>[2]): Promise<Server | null> {
  const { metricsAddress, metricsPort }: Settings = settings
  if (metricsPort === undefined) return null
  const server = await serveMetrics(metricsAddress, metricsPort, collect)
  const { address, port } = server.address() as AddressInfo
  process.stdout.write(`figures at http://${formatAddress(transportAddress(address, port))}/metrics\n`)
  return server
}

function announce(addresses: readonly ListeningAddress[]): void {
  for (const at of addresses) process.stdout.write(`listening ${at.transport} ${formatAddress(at)}\n`)
  const { min, max } = settings.relayPorts
  const relayed = settings.advertisedAddress ?? relayAddressesOf(settings)
  process.stdout.write(`relaying on ${[...new Set(relayed)].join(', ')}, ports ${min} to ${max}\n`)
}

function onSignal(stop: () => unknown): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
}

function fail(reason: string): void {
  process.stderr.write(`purertc-turn could not start: ${reason}\n`)
  process.exitCode = 1
}
