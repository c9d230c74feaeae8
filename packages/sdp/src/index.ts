export type { Attribute } from './attributes/attribute.ts'
export { Fingerprint, type FingerprintValue } from './attributes/fingerprint.ts'
export { Group, type GroupValue, Mid } from './attributes/group.ts'
export { Candidate, IceOptions, IcePwd, IceUfrag } from './attributes/ice.ts'
export { defaultMaxMessageSize, MaxMessageSize, SctpInit, SctpPort } from './attributes/sctp.ts'
export { answerSetup, Setup, type SetupRole } from './attributes/setup.ts'
export {
  type DataMode,
  dataModeOf,
  type DataSectionOptions,
  findDataSection,
  sctpPortOf,
} from './data-section.ts'
export type { Line } from './line.ts'
export { type Direction, MediaDescription, type MediaLine } from './media-description.ts'
export {
  createDataAnswer,
  createDataOffer,
  type DataAnswerOptions,
  type DataOfferOptions,
  sessionIdFrom,
} from './offer-answer.ts'
export { parseSession, type SdpLimits, writeSession } from './parse.ts'
export { SdpError, type SdpFault } from './sdp-error.ts'
export { Section } from './section.ts'
export { type Origin, SessionDescription } from './session-description.ts'
export { transportOf, type TransportDescription } from './transport.ts'
