import { describeStack } from './support/interop-suite.ts'
import { nodeDatachannel } from './support/interop-stacks.ts'

describeStack(nodeDatachannel)
