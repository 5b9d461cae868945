/**
 * The messages clients send as protobuf although every answer is JSON: current client-go encodes the bodies of built-in
 * kinds so and does not fall back. One field is `number:name:type`; types are `s` text, `i` integer, `b` boolean, `y`
 * bytes, `t` time, `q` quantity, `x` int-or-string, `[T]` list, `{T}` map, or a message. `!` keeps a zero, which is
 * otherwise how an absent value looks.
 */
export const protobufMessages: Readonly<Record<string, string>> = {
  ObjectMeta:
    '1:name:s 2:generateName:s 3:namespace:s 5:uid:s 6:resourceVersion:s 7:generation:i 8:creationTimestamp:t 9:deletionTimestamp:t ' +
    '10:deletionGracePeriodSeconds:i 11:labels:{s} 12:annotations:{s} 13:ownerReferences:[OwnerReference] 14:finalizers:[s]',
  OwnerReference: '1:kind:s 3:name:s 4:uid:s 5:apiVersion:s 6:controller:b 7:blockOwnerDeletion:b',
  DeleteOptions:
    '1:gracePeriodSeconds:i! 2:preconditions:Preconditions 3:orphanDependents:b! 4:propagationPolicy:s 5:dryRun:[s]',
  Preconditions: '1:uid:s 2:resourceVersion:s',
  Namespace: '1:metadata:ObjectMeta 2:spec:NamespaceSpec',
  NamespaceSpec: '1:finalizers:[s]',
  ConfigMap: '1:metadata:ObjectMeta 2:data:{s} 3:binaryData:{y} 4:immutable:b',
  Secret: '1:metadata:ObjectMeta 2:data:{y} 3:type:s 4:stringData:{s} 5:immutable:b',
  ServiceAccount: '1:metadata:ObjectMeta 2:secrets:[ObjectReference] 3:imagePullSecrets:[LocalObjectReference]',
  ObjectReference: '1:kind:s 2:namespace:s 3:name:s 4:uid:s 5:apiVersion:s 6:resourceVersion:s 7:fieldPath:s',
  LocalObjectReference: '1:name:s',
  ResourceQuota: '1:metadata:ObjectMeta 2:spec:ResourceQuotaSpec',
  ResourceQuotaSpec: '1:hard:{q} 2:scopes:[s]',
  Service: '1:metadata:ObjectMeta 2:spec:ServiceSpec',
  ServiceSpec:
    '1:ports:[ServicePort] 2:selector:{s} 3:clusterIP:s 4:type:s 5:externalIPs:[s] 7:sessionAffinity:s 8:loadBalancerIP:s ' +
    '9:loadBalancerSourceRanges:[s] 10:externalName:s 11:externalTrafficPolicy:s',
  ServicePort: '1:name:s 2:protocol:s 3:port:i 4:targetPort:x 5:nodePort:i 6:appProtocol:s',
  Eviction: '1:metadata:ObjectMeta 2:deleteOptions:DeleteOptions',
  Binding: '1:metadata:ObjectMeta 2:target:ObjectReference',
  Lease: '1:metadata:ObjectMeta 2:spec:LeaseSpec',
  LeaseSpec: '1:holderIdentity:s 2:leaseDurationSeconds:i 3:acquireTime:t 4:renewTime:t 5:leaseTransitions:i!',
  Event:
    '1:metadata:ObjectMeta 2:involvedObject:ObjectReference 3:reason:s 4:message:s 5:source:EventSource 6:firstTimestamp:t ' +
    '7:lastTimestamp:t 8:count:i 9:type:s 10:eventTime:t 11:series:EventSeries 12:action:s 14:reportingComponent:s 15:reportingInstance:s',
  EventSource: '1:component:s 2:host:s',
  EventSeries: '1:count:i 2:lastObservedTime:t',
  Role: '1:metadata:ObjectMeta 2:rules:[PolicyRule]',
  ClusterRole: '1:metadata:ObjectMeta 2:rules:[PolicyRule]',
  PolicyRule: '1:verbs:[s] 2:apiGroups:[s] 3:resources:[s] 4:resourceNames:[s] 5:nonResourceURLs:[s]',
  RoleBinding: '1:metadata:ObjectMeta 2:subjects:[Subject] 3:roleRef:RoleRef',
  ClusterRoleBinding: '1:metadata:ObjectMeta 2:subjects:[Subject] 3:roleRef:RoleRef',
  Subject: '1:kind:s 2:apiGroup:s 3:name:s 4:namespace:s',
  RoleRef: '1:apiGroup:s 2:kind:s 3:name:s',
  SelfSubjectReview: '1:metadata:ObjectMeta',
  SelfSubjectAccessReview: '1:metadata:ObjectMeta 2:spec:AccessReviewSpec',
  AccessReviewSpec: '1:resourceAttributes:ResourceAttributes 2:nonResourceAttributes:NonResourceAttributes',
  ResourceAttributes: '1:namespace:s 2:verb:s 3:group:s 4:version:s 5:resource:s 6:subresource:s 7:name:s',
  NonResourceAttributes: '1:path:s 2:verb:s',
  SelfSubjectRulesReview: '1:metadata:ObjectMeta 2:spec:RulesReviewSpec',
  RulesReviewSpec: '1:namespace:s',
};
