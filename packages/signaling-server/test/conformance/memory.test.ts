import { startServers } from '../support/fleet.ts'
import { describeConformance } from './suite.ts'

describeConformance('channels in memory', (options) => startServers(1, undefined, options))
