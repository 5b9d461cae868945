/** The types of cdi, written by tools/write-type-catalogue.ts; see type-notation.ts for the notation. */
export const cdiTypes: Readonly<Record<string, string>> = {
  DataSource: 'spec!:DataSourceSpec status:DataSourceStatus',
  DataSourceCondition: 'lastHeartbeatTime:s lastTransitionTime:s message:s reason:s status!:s type!:s',
  DataSourceRefSourceDataSource: 'name!:s namespace!:s',
  DataSourceSource:
    'dataSource:DataSourceRefSourceDataSource pvc:DataVolumeSourcePVC snapshot:DataVolumeSourceSnapshot',
  DataSourceSpec: 'source!:DataSourceSource',
  DataSourceStatus: 'conditions:[DataSourceCondition] source:DataSourceSource',
  DataVolume: 'spec!:DataVolumeSpec status:DataVolumeStatus',
  DataVolumeCheckpoint: 'current!:s previous!:s',
  DataVolumeCondition: 'lastHeartbeatTime:s lastTransitionTime:s message:s reason:s status!:s type!:s',
  DataVolumeSource:
    'blank:* gcs:DataVolumeSourceGCS http:DataVolumeSourceHTTP imageio:DataVolumeSourceImageIO pvc:DataVolumeSourcePVC registry:DataVolumeSourceRegistry s3:DataVolumeSourceS3 snapshot:DataVolumeSourceSnapshot upload:* vddk:DataVolumeSourceVDDK',
  DataVolumeSourceGCS: 'secretRef:s url!:s',
  DataVolumeSourceHTTP:
    'certConfigMap:s extraHeaders:[s] secretExtraHeaders:[s] secretRef:s url!:s checksum:s insecureSkipVerify:b',
  DataVolumeSourceImageIO: 'certConfigMap:s diskId!:s secretRef:s url!:s',
  DataVolumeSourcePVC: 'name!:s namespace!:s',
  DataVolumeSourceRef: 'kind!:s name!:s namespace:s',
  DataVolumeSourceRegistry: 'certConfigMap:s imageStream:s platform:PlatformOptions pullMethod:s secretRef:s url:s',
  DataVolumeSourceS3: 'certConfigMap:s secretRef:s url!:s',
  DataVolumeSourceSnapshot: 'name!:s namespace!:s',
  DataVolumeSourceVDDK: 'backingFile:s extraArgs:s initImageURL:s secretRef:s thumbprint:s url:s uuid:s',
  DataVolumeSpec:
    'checkpoints:[DataVolumeCheckpoint] contentType:s finalCheckpoint:b preallocation:b priorityClassName:s pvc:PersistentVolumeClaimSpec source:DataVolumeSource sourceRef:DataVolumeSourceRef storage:StorageSpec',
  DataVolumeStatus: 'claimName:s conditions:[DataVolumeCondition] phase:s progress:s restartCount:n',
  LabelSelector: 'matchExpressions:[LabelSelectorRequirement] matchLabels:{s}',
  LabelSelectorRequirement: 'key!:s operator!:s values:[s]',
  PersistentVolumeClaimSpec:
    'accessModes:[s] dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements selector:LabelSelector storageClassName:s volumeAttributesClassName:s volumeMode:s volumeName:s',
  PlatformOptions: 'architecture:s',
  StorageSpec:
    'accessModes:[s] dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements selector:LabelSelector storageClassName:s volumeMode:s volumeName:s',
  TypedLocalObjectReference: 'apiGroup:s kind!:s name!:s',
  TypedObjectReference: 'apiGroup:s kind!:s name!:s namespace:s',
  VolumeResourceRequirements: 'limits:{q} requests:{q}',
};
