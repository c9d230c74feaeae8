import { describeStack } from './support/interop-suite.ts'
import { aiortc } from './support/interop-stacks.ts'

describeStack(aiortc)
