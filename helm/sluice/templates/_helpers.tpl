{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Of all objects; short enough for what is put behind it. */}}
{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "sluice.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sluice.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluice.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* The labels of the pod that Sluice is in. */}}
{{- define "sluice.podSelector" -}}
{{- if or (eq .Values.mode "gateway") .Values.sidecar.example -}}
{{ include "sluice.selectorLabels" . }}
{{- else if .Values.sidecar.podSelector -}}
{{ toYaml .Values.sidecar.podSelector }}
{{- else -}}
{{- fail "sidecar.podSelector: the labels of the pod that the primary runs in" -}}
{{- end -}}
{{- end -}}

{{/* Labels and annotations of the pod that this chart makes. */}}
{{- define "sluice.podMetadata" -}}
annotations:
  {{- /* What the process reads once, at its start. */}}
  checksum/config: {{ include "sluice.config" . | sha256sum }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
labels:
  {{- include "sluice.selectorLabels" . | nindent 2 }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "sluice.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The file of `sluice serve`: what the chart decides goes before .Values.settings. */}}
{{- define "sluice.config" -}}
{{- $own := dict
      "listen" (list "0.0.0.0:3307")
      "http" "0.0.0.0:8080"
      "user" .Values.user
      "password_file" "/etc/sluice/secret/password"
      "token_file" "/etc/sluice/secret/token"
      "client_tls" .Values.tls.clients.mode
      "server_tls" .Values.tls.server.mode
      "drain_timeout_seconds" .Values.drain.timeoutSeconds
      "log_format" "json" -}}
{{- if eq .Values.mode "gateway" -}}
{{- $_ := set $own "primary" (required "primary.address: HOST:PORT of the primary" .Values.primary.address) -}}
{{- else -}}
{{- $_ := set $own "primary" (printf "127.0.0.1:%d" (int .Values.sidecar.primaryPort)) -}}
{{- end -}}
{{- if .Values.tls.clients.secretName -}}
{{- $_ := set $own "certificate" "/etc/sluice/clients-tls/tls.crt" -}}
{{- $_ := set $own "key" "/etc/sluice/clients-tls/tls.key" -}}
{{- end -}}
{{- if .Values.tls.server.caSecretName -}}
{{- $_ := set $own "ca" "/etc/sluice/server-ca/ca.crt" -}}
{{- end -}}
{{- if .Values.tls.http.secretName -}}
{{- $_ := set $own "http_certificate" "/etc/sluice/http-tls/tls.crt" -}}
{{- $_ := set $own "http_key" "/etc/sluice/http-tls/tls.key" -}}
{{- end -}}
{{- mergeOverwrite (deepCopy .Values.settings) $own | toYaml -}}
{{- end -}}

{{- define "sluice.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ .root.Values.tls.http.secretName | empty | ternary "HTTP" "HTTPS" }}
{{- end -}}

{{/* Sluice's container, the same in all pods but for how it ends. */}}
{{- define "sluice.container" -}}
name: sluice
image: {{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- if eq .Values.mode "sidecar" }}
restartPolicy: Always
{{- end }}
args: [serve, --config, /etc/sluice/config/sluice.yaml]
ports:
  - {name: sluice-mysql, containerPort: 3307, protocol: TCP}
  - {name: http, containerPort: 8080, protocol: TCP}
startupProbe:
  {{- include "sluice.probe" (dict "root" . "path" "/healthz") | nindent 2 }}
  periodSeconds: 1
  failureThreshold: 30
livenessProbe:
  {{- include "sluice.probe" (dict "root" . "path" "/healthz") | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  {{- include "sluice.probe" (dict "root" . "path" "/readyz") | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 2
lifecycle:
  preStop:
    exec:
      {{- if eq .Values.mode "sidecar" }}
      {{- /* A sidecar gets its SIGTERM when the server has ended: too late for its clients. */}}
      command: [/bin/sh, -c, "sleep {{ int .Values.drain.preStopSeconds }}; kill -TERM 1; sleep {{ int .Values.drain.timeoutSeconds }}"]
      {{- else }}
      command: [sleep, {{ int .Values.drain.preStopSeconds | quote }}]
      {{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.containerSecurityContext | nindent 2 }}
volumeMounts:
  - {name: sluice-config, mountPath: /etc/sluice/config, readOnly: true}
  - {name: sluice-secret, mountPath: /etc/sluice/secret, readOnly: true}
  {{- if .Values.tls.clients.secretName }}
  - {name: sluice-clients-tls, mountPath: /etc/sluice/clients-tls, readOnly: true}
  {{- end }}
  {{- if .Values.tls.server.caSecretName }}
  - {name: sluice-server-ca, mountPath: /etc/sluice/server-ca, readOnly: true}
  {{- end }}
  {{- if .Values.tls.http.secretName }}
  - {name: sluice-http-tls, mountPath: /etc/sluice/http-tls, readOnly: true}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Only Sluice's container mounts them, so that whoever it runs as there may read them. */}}
{{- define "sluice.volumes" -}}
- name: sluice-config
  configMap: {name: {{ include "sluice.fullname" . }}}
- name: sluice-secret
  secret:
    secretName: {{ .Values.secret.name }}
    defaultMode: 0444
    items:
      - {key: {{ .Values.secret.passwordKey }}, path: password}
      - {key: {{ .Values.secret.tokenKey }}, path: token}
{{- with .Values.tls.clients.secretName }}
- name: sluice-clients-tls
  secret: {secretName: {{ . }}, defaultMode: 0444}
{{- end }}
{{- with .Values.tls.server.caSecretName }}
- name: sluice-server-ca
  secret: {secretName: {{ . }}, defaultMode: 0444}
{{- end }}
{{- with .Values.tls.http.secretName }}
- name: sluice-http-tls
  secret: {secretName: {{ . }}, defaultMode: 0444}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The longest that an end may take, with some room. */}}
{{- define "sluice.gracePeriod" -}}
{{- add (int .Values.drain.preStopSeconds) (int .Values.drain.timeoutSeconds) 10 -}}
{{- end -}}
