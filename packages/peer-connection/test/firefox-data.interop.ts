import { firefox, firefoxUsrsctp } from './support/interop-stacks.ts'
import { describeStack } from './support/interop-suite.ts'

describeStack(firefox)
describeStack(firefoxUsrsctp)
