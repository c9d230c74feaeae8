export { generateCertificate, type GenerateCertificateOptions } from './generate-certificate.ts'
