export { type Impairment, NatLaboratory, type SiteOptions } from './nat-laboratory.ts'
export { type LaboratoryNat, laboratoryNats } from './nat-rules.ts'
