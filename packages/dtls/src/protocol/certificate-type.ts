/** How an end shows its key, RFC 7250 §3 and the registry "TLS Certificate Types". */
export type CertificateType = 'x509' | 'raw-public-key'

export const certificateTypeIds: Readonly<Record<CertificateType, number>> = { x509: 0, 'raw-public-key': 2 }

export const certificateTypeById = (id: number): CertificateType | undefined =>
  id === certificateTypeIds.x509
    ? 'x509'
    : id === certificateTypeIds['raw-public-key']
      ? 'raw-public-key'
      : undefined
