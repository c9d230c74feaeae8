import { pion } from './support/interop-stacks.ts'
import { describeStack } from './support/interop-suite.ts'

describeStack(pion)
