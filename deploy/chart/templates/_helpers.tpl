{{- define "backfill.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "backfill.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* Of all objects: (dict "root" $ "component" "worker"). */}}
{{- define "backfill.selector" -}}
app.kubernetes.io/name: backfill-scorecards
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "backfill.labels" -}}
{{ include "backfill.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The pod's own part of what the strictest policy of Kubernetes asks for. */}}
{{- define "backfill.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "backfill.containerSecurity" -}}
image: {{ include "backfill.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* Where pods land: (dict "root" $ "component" "worker" "values" .Values.worker). */}}
{{- define "backfill.placement" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "backfill.selector" $ | nindent 8 }}
  {{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The way to Temporal, as every Temporal tool reads it. */}}
{{- define "backfill.temporalEnvironment" -}}
{{- with .Values.temporal }}
- { name: TEMPORAL_ADDRESS, value: {{ .address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .namespace | quote }} }
{{- if or .tls .clientCertificateSecret }}
- { name: TEMPORAL_TLS, value: "true" }
{{- end }}
{{- if .serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ .serverName | quote }} }
{{- end }}
{{- if .clientCertificateSecret }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/backfill/tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/backfill/tls/tls.key }
{{- end }}
{{- if .apiKeySecret }}
- name: TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .apiKeySecret }}, key: api-key } }
{{- end }}
{{- end }}
{{- end }}

{{- define "backfill.certificateMount" -}}
{{- if .Values.temporal.clientCertificateSecret }}
- { name: tls, mountPath: /etc/backfill/tls, readOnly: true }
{{- end }}
{{- end }}

{{- define "backfill.certificateVolume" -}}
{{- with .Values.temporal.clientCertificateSecret }}
- name: tls
  secret: { secretName: {{ . }} }
{{- end }}
{{- end }}

{{/* With a controller the certificate is the Connection's. */}}
{{- define "backfill.workerMounts" -}}
{{- if not .Values.workerDeployment.enabled }}
{{- include "backfill.certificateMount" . }}
{{- end }}
{{- if .Values.worker.webhooksSecret }}
- { name: webhooks, mountPath: /etc/backfill/webhooks, readOnly: true }
{{- end }}
{{- end }}

{{- define "backfill.workerVolumes" -}}
{{- if not .Values.workerDeployment.enabled }}
{{- include "backfill.certificateVolume" . }}
{{- end }}
{{- with .Values.worker.webhooksSecret }}
- name: webhooks
  secret: { secretName: {{ . }} }
{{- end }}
{{- end }}

{{- define "backfill.jobMounts" -}}
{{- include "backfill.certificateMount" .root }}
{{- if .fleet }}
- { name: fleet, mountPath: /etc/backfill/fleet, readOnly: true }
{{- end }}
{{- end }}

{{- define "backfill.jobVolumes" -}}
{{- include "backfill.certificateVolume" .root }}
{{- if .fleet }}
- name: fleet
  configMap: { name: {{ include "backfill.name" .root }}-fleet }
{{- end }}
{{- end }}

{{/* One pod that runs a command to its end: (dict "root" $ "component" "replay-gate" "args" (list …)). */}}
{{- define "backfill.job" -}}
backoffLimit: 2
activeDeadlineSeconds: 1800
template:
  metadata:
    labels: {{ include "backfill.labels" . | nindent 6 }}
  spec:
    restartPolicy: Never
    {{- include "backfill.podSecurity" .root | nindent 4 }}
    containers:
      - name: {{ .component }}
        {{- include "backfill.containerSecurity" .root | nindent 8 }}
        args: {{ toJson .args }}
        env:
          {{- include "backfill.temporalEnvironment" .root | nindent 10 }}
          - { name: BACKFILL_TASK_QUEUE, value: {{ .root.Values.temporal.taskQueue | quote }} }
        resources: {{ toYaml .root.Values.worker.resources | nindent 10 }}
        {{- with include "backfill.jobMounts" . | trim }}
        volumeMounts: {{ . | nindent 10 }}
        {{- end }}
    {{- with include "backfill.jobVolumes" . | trim }}
    volumes: {{ . | nindent 6 }}
    {{- end }}
{{- end }}

{{/* The fleet file of this one cluster. */}}
{{- define "backfill.fleet" -}}
{{- if .Values.serve.fleet }}
{{- toYaml .Values.serve.fleet }}
{{- else }}
{{- with .Values.temporal }}
clusters:
  {{ $.Values.cluster }}:
    address: {{ .address | quote }}
    namespace: {{ .namespace | quote }}
    taskQueue: {{ .taskQueue | quote }}
    {{- if .apiKeySecret }}
    apiKey: { env: TEMPORAL_API_KEY }
    {{- end }}
    {{- if or .serverName .clientCertificateSecret }}
    tls:
      {{- if .serverName }}
      serverName: {{ .serverName | quote }}
      {{- end }}
      {{- if .clientCertificateSecret }}
      clientCert: { file: /etc/backfill/tls/tls.crt }
      clientKey: { file: /etc/backfill/tls/tls.key }
      {{- end }}
    {{- else if .tls }}
    tls: true
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
