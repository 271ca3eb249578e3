"""The shape of the canonical project: which keys each part has and of what kind each value is.

One table, in the order in which `docker compose config` prints.
"""

from __future__ import annotations

from compose2aws.compose.kinds import (
    ListOf,
    MapOf,
    Struct,
    byte_size,
    command,
    device_count,
    file_mode,
    flag,
    fraction,
    hosts,
    many_options,
    opt_out,
    pairs,
    ssh,
    switch,
    test,
    text,
    texts,
    time,
    time_or_zero,
    variables,
    whole,
    whole_or_zero,
)

_ULIMITS = MapOf(Struct({"single": whole, "soft": whole, "hard": whole}, short=whole_or_zero))
_GRANT = Struct({"source": text, "target": text, "uid": text, "gid": text, "mode": file_mode})
_DEVICE_REQUEST = Struct(
    {"capabilities": texts, "driver": text, "count": device_count, "device_ids": texts, "options": pairs}
)
_HOOK = Struct(
    {
        "command": command, "image": text, "user": text, "privileged": flag, "working_dir": text,
        "environment": variables, "per_replica": flag,
    },
    always=("command",),
)  # fmt: skip
_BUILD = Struct(
    {
        "context": text, "dockerfile": text, "dockerfile_inline": text, "entitlements": texts, "args": variables,
        "provenance": text, "sbom": text, "ssh": ssh, "labels": pairs, "cache_from": texts, "cache_to": texts,
        "no_cache": flag, "no_cache_filter": texts, "additional_contexts": pairs, "pull": flag, "extra_hosts": hosts,
        "isolation": text, "network": text, "target": text, "secrets": ListOf(_GRANT), "shm_size": byte_size,
        "tags": texts, "ulimits": _ULIMITS, "platforms": texts, "privileged": flag,
    }
)  # fmt: skip
_BLKIO_LIMITS = ListOf(Struct({"path": text, "rate": byte_size}))
_UPDATE = Struct(
    {
        "parallelism": whole_or_zero, "delay": time, "failure_action": text, "monitor": time,
        "max_failure_ratio": fraction, "order": text,
    }
)  # fmt: skip
_RESOURCE = Struct(
    {
        "cpus": fraction, "memory": byte_size, "pids": whole, "devices": ListOf(_DEVICE_REQUEST),
        "generic_resources": ListOf(Struct({"discrete_resource_spec": Struct({"kind": text, "value": whole_or_zero})})),
    }
)  # fmt: skip
_DEPLOY = Struct(
    {
        "mode": text, "replicas": whole_or_zero, "labels": pairs, "update_config": _UPDATE, "rollback_config": _UPDATE,
        "resources": Struct({"limits": _RESOURCE, "reservations": _RESOURCE}),
        "restart_policy": Struct(
            {"condition": text, "delay": time_or_zero, "max_attempts": whole_or_zero, "window": time_or_zero}
        ),
        "placement": Struct(
            {"constraints": texts, "preferences": ListOf(Struct({"spread": text})), "max_replicas_per_node": whole}
        ),
        "endpoint_mode": text,
    },
    always=("resources", "placement"),
)  # fmt: skip
_MOUNT = Struct(
    {
        "type": text, "source": text, "target": text, "read_only": flag, "consistency": text,
        "bind": Struct({"selinux": text, "propagation": text, "create_host_path": opt_out, "recursive": text}),
        "volume": Struct({"labels": pairs, "nocopy": flag, "subpath": text}),
        "tmpfs": Struct({"size": byte_size, "mode": whole}),
        "image": Struct({"subpath": text}),
    }
)  # fmt: skip
_NETWORK_OF_SERVICE = Struct(
    {
        "aliases": texts, "driver_opts": pairs, "gw_priority": whole, "interface_name": text, "ipv4_address": text,
        "ipv6_address": text, "link_local_ips": texts, "mac_address": text, "priority": whole,
    }
)  # fmt: skip
_SERVICE = Struct(
    {
        "profiles": texts, "annotations": pairs, "attach": switch, "build": _BUILD,
        "develop": Struct(
            {
                "watch": ListOf(
                    Struct(
                        {
                            "path": text, "action": text, "target": text, "exec": _HOOK, "include": texts,
                            "ignore": texts, "initial_sync": flag,
                        },
                        always=("exec",),
                    )
                )
            }
        ),
        "blkio_config": Struct(
            {
                "weight": whole, "weight_device": ListOf(Struct({"path": text, "weight": whole})),
                "device_read_bps": _BLKIO_LIMITS, "device_read_iops": _BLKIO_LIMITS,
                "device_write_bps": _BLKIO_LIMITS, "device_write_iops": _BLKIO_LIMITS,
            }
        ),
        "cap_add": texts, "cap_drop": texts, "cgroup_parent": text, "cgroup": text, "cpu_count": whole,
        "cpu_percent": fraction, "cpu_period": whole, "cpu_quota": whole, "cpu_rt_period": whole,
        "cpu_rt_runtime": whole, "cpus": fraction, "cpuset": text, "cpu_shares": whole, "command": command,
        "configs": ListOf(_GRANT), "container_name": text,
        "credential_spec": Struct({"config": text, "file": text, "registry": text}),
        "depends_on": MapOf(Struct({"condition": text, "restart": flag, "required": switch})),
        "deploy": _DEPLOY, "device_cgroup_rules": texts,
        "devices": ListOf(Struct({"source": text, "target": text, "permissions": text})),
        "dns": texts, "dns_opt": texts, "dns_search": texts, "domainname": text, "entrypoint": command,
        "provider": Struct({"type": text, "options": many_options}), "environment": variables,
        "env_file": ListOf(Struct({"path": text, "required": opt_out, "format": text})), "expose": texts,
        "extends": Struct({"file": text, "service": text}), "external_links": texts, "extra_hosts": hosts,
        "group_add": texts, "gpus": ListOf(_DEVICE_REQUEST), "hostname": text,
        "healthcheck": Struct(
            {
                "test": test, "timeout": time_or_zero, "interval": time_or_zero, "retries": whole_or_zero,
                "start_period": time_or_zero, "start_interval": time_or_zero, "disable": flag,
            }
        ),
        "image": text, "init": switch, "ipc": text, "isolation": text, "labels": pairs, "label_file": texts,
        "links": texts, "logging": Struct({"driver": text, "options": pairs}), "mem_limit": byte_size,
        "mem_reservation": byte_size, "memswap_limit": byte_size, "mem_swappiness": byte_size, "mac_address": text,
        "models": MapOf(Struct({"endpoint_var": text, "model_var": text}), keep_null=True), "network_mode": text,
        "networks": MapOf(_NETWORK_OF_SERVICE, keep_null=True), "oom_kill_disable": flag, "oom_score_adj": whole,
        "pid": text, "pids_limit": whole, "platform": text,
        "ports": ListOf(
            Struct(
                {
                    "name": text, "mode": text, "host_ip": text, "target": whole, "published": text, "protocol": text,
                    "app_protocol": text,
                }
            )
        ),
        "privileged": flag, "pull_policy": text, "read_only": flag, "restart": text, "runtime": text,
        "scale": whole_or_zero, "secrets": ListOf(_GRANT), "security_opt": texts, "shm_size": byte_size,
        "stdin_open": flag, "stop_grace_period": time_or_zero, "stop_signal": text, "storage_opt": pairs,
        "sysctls": pairs, "tmpfs": texts, "tty": flag, "ulimits": _ULIMITS, "use_api_socket": flag, "user": text,
        "userns_mode": text, "uts": text, "volumes": ListOf(_MOUNT), "volumes_from": texts, "working_dir": text,
        "pre_start": ListOf(_HOOK), "post_start": ListOf(_HOOK), "pre_stop": ListOf(_HOOK),
    },
    always=("command", "entrypoint"),
    null_is_empty=True,
)  # fmt: skip
_NETWORK = Struct(
    {
        "name": text, "driver": text, "driver_opts": pairs,
        "ipam": Struct(
            {
                "driver": text,
                "config": ListOf(
                    Struct({"subnet": text, "gateway": text, "ip_range": text, "aux_addresses": pairs})
                ),
                "options": pairs,
            }
        ),
        "external": flag, "internal": flag, "attachable": flag, "labels": pairs, "enable_ipv4": switch,
        "enable_ipv6": switch,
    },
    always=("ipam",),
    null_is_empty=True,
)  # fmt: skip
_VOLUME = Struct(
    {"name": text, "driver": text, "driver_opts": pairs, "external": flag, "labels": pairs}, null_is_empty=True
)
_FILE_OBJECT = Struct(
    {
        "name": text, "file": text, "environment": text, "content": text, "external": flag, "labels": pairs,
        "driver": text, "driver_opts": pairs, "template_driver": text,
    },
    null_is_empty=True,
)  # fmt: skip
_MODEL = Struct({"name": text, "model": text, "context_size": whole, "runtime_flags": texts}, null_is_empty=True)


PROJECT = Struct(
    {
        "name": text,
        "services": MapOf(_SERVICE, keep_empty=True),
        "networks": MapOf(_NETWORK),
        "volumes": MapOf(_VOLUME),
        "secrets": MapOf(_FILE_OBJECT),
        "configs": MapOf(_FILE_OBJECT),
        "models": MapOf(_MODEL),
    }
)

SERVICE_KEYS = tuple(_SERVICE.fields)
"""The keys of a service, in the order in which they are printed."""
