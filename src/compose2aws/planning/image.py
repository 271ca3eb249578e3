"""Images: which are built and how, which come from a registry, and under which name AWS can pull them.

A service with files to bake in gets a derived image: a target on top of the service's own image, which the bake file
builds with the files taken from the project's folder.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from compose2aws.catalog import Catalog, ImageReference
from compose2aws.catalog.image import is_image
from compose2aws.compose.node import Mapping, Scalar, leaves
from compose2aws.compose.project import Project
from compose2aws.planning.build_files import tell_missing
from compose2aws.planning.identity import digest, logical_id, secret_variable
from compose2aws.planning.layered_image import MIRROR, BakedFile, layered
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import BakeTarget, BuiltImage, Image, RegistryImage
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.secrecy import secret_name, secret_spans, surely_public

_IN_BAKE_FILE = "part of its target of images.bake.json"


def choose_image(
    service: ServiceSource,
    reference: ImageReference | None,
    baked: tuple[BakedFile, ...],
    project: Project,
    catalog: Catalog,
    isolated: bool,
    ledger: Ledger,
    holds_secret: Callable[[Scalar], bool],
) -> Image | None:
    """The image of a service's container; None where it is refused. A service that is isolated from the internet pulls
    from a repository of ours alone. `holds_secret` knows the secrets of all containers' values."""
    if "build" in service.node:
        return _built(service, baked, project, ledger, holds_secret)
    path = service.at("image")
    if reference is None or _incomplete(service.text("image") or ""):
        unset = _unset_variables(service)
        why = f": {', '.join(unset)} is not set" if unset else ""
        remedy = f"set {unset[0]} in the environment or in .env" if unset else "write it as REPOSITORY:TAG"
        reason = f"the image of {service.name}{_as_written(service, holds_secret)} is not complete{why}"
        ledger.refuse(path, "invalid-image", reason, remedy)
        return None
    if not is_image(service.text("image") or ""):
        reason = f"the image of {service.name}{_as_written(service, holds_secret)} is no image reference"
        remedy = "write it as REPOSITORY:TAG: the repository in lower case, the tag of letters, digits, `_`, `.`, `-`"
        ledger.refuse(path, "invalid-image", reason, remedy)
        return None
    name = pullable(service.text("image") or "", reference, catalog)
    definition = service.definition
    credentials = service.settings.registry_credentials
    if credentials:
        ledger.record(service.at("x-aws", "registry-credentials"), "translated", definition)
    if baked or "stop_signal" in service.node or isolated:
        image = _derived(service, name, baked, project, ledger)
        added = [
            *(["the files that the service mounts"] if baked else []),
            *(["its stop signal"] if "stop_signal" in service.node else []),
        ]
        what = f"with {' and '.join(added)}" if added else "as it is: the service has no way out to pull it"
        reason = f"built on {name} {what}; held in a repository of its own"
        ledger.record(path, "adapted", (definition, image.repository), code="own-repository", reason=reason)
        return image
    mirrored = name.startswith(MIRROR) and name != service.text("image")
    reason = f"pulled from Amazon's mirror of Docker Hub as {name}" if mirrored else ""
    ledger.record(path, "adapted" if mirrored else "translated", definition, reason=reason)
    return RegistryImage(name, credentials)


def pullable(written: str, reference: ImageReference, catalog: Catalog) -> str:
    """The name under which AWS pulls the image: official images of Docker Hub from Amazon's mirror, which has no rate
    limit; others as they are written."""
    if reference.is_official and reference.repository in catalog.mirrored:
        return f"{MIRROR}{reference.repository}{reference.suffix or ':latest'}"
    return written


def target_name(service: str) -> str:
    """The service's name as a bake target (letters, digits, `_`, `-`); one that loses characters carries its hash."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "_", service)
    return cleaned if cleaned == service else f"{cleaned}-{digest(service)}"


def _incomplete(text: str) -> bool:
    return not text or text[-1] in ":@/" or text[0] in ":@/" or "//" in text or "/:" in text


def _as_written(service: ServiceSource, holds_secret: Callable[[Scalar], bool]) -> str:
    """The image's name for a sentence; nothing where it may be a secret or a variable's lack is the matter."""
    node = service.get("image")
    if not isinstance(node, Scalar) or not node.text or _unset_variables(service) or holds_secret(node):
        return ""
    return f", {node.text!r},"


def _unset_variables(service: ServiceSource) -> list[str]:
    node = service.get("image")
    parts = node.parts if isinstance(node, Scalar) else ()
    return [part.variables[0] for part in parts if part.origin == "unset" and part.variables]


def _built(
    service: ServiceSource,
    baked: tuple[BakedFile, ...],
    project: Project,
    ledger: Ledger,
    holds_secret: Callable[[Scalar], bool],
) -> BuiltImage:
    tell_missing(service, project, ledger)
    own = _own_target(service, project, ledger, holds_secret)
    was = service.settings.was
    if baked or "stop_signal" in service.node:
        base = replace(own, name=target_name(f"{service.name}/base"))
        final = layered(
            own.name, f"target:{base.name}", baked, platforms(service), project, service.text("stop_signal")
        )
        image = BuiltImage(
            service.name, logical_id(service.identity, "Image"), final, (base,), service.at("build"), was
        )
    else:
        image = BuiltImage(service.name, logical_id(service.identity, "Image"), own, (), service.at("build"), was)
    definition = service.definition
    ledger.record(
        service.at("build"),
        "translated",
        (image.repository, definition),
        reason=f"target {own.name} of images.bake.json, pushed to a repository of its own",
    )
    if "image" in service.node:
        reason = (
            "the image is built from the project and held in a repository of its own, whatever it is tagged locally"
        )
        ledger.record(service.at("image"), "adapted", image.repository, reason=reason)
    return image


def _derived(
    service: ServiceSource, name: str, baked: tuple[BakedFile, ...], project: Project, ledger: Ledger
) -> BuiltImage:
    del ledger
    target = layered(
        target_name(service.name),
        f"docker-image://{name}",
        baked,
        platforms(service),
        project,
        service.text("stop_signal"),
    )
    parameter = logical_id(service.identity, "Image")
    return BuiltImage(service.name, parameter, target, (), service.at("image"), service.settings.was)


def image_beside(
    service: ServiceSource, what: str, base: str, files: tuple[BakedFile, ...], project: Project
) -> BuiltImage:
    """The image of a container that runs before a service's own or beside it: the image `base` with files in it, in a
    repository of ours. `what` tells it from its neighbours."""
    name, was = f"{service.name}/{what}", f"{service.identity}/{what}"
    target = layered(target_name(name), f"docker-image://{base}", files, platforms(service), project)
    return BuiltImage(name, logical_id(was, "Image"), target, (), service.path, was)


def platforms(service: ServiceSource) -> tuple[str, ...]:
    """The platform of the task that runs the image."""
    return ("linux/arm64",) if is_arm(service) else ("linux/amd64",)


def is_arm(service: ServiceSource) -> bool:
    """Whether the service asks for ARM64, in `x-aws.architecture` or `platform`."""
    if service.settings.architecture:
        return service.settings.architecture == "arm64"
    return (service.text("platform") or "").startswith(("linux/arm64", "linux/aarch64", "arm64"))


def _own_target(
    service: ServiceSource, project: Project, ledger: Ledger, holds_secret: Callable[[Scalar], bool]
) -> BakeTarget:
    arguments: list[tuple[str, str | None]] = []
    variables: list[tuple[str, str]] = []
    for name, node in service.entries("build", "args").items():
        if not isinstance(node, Scalar):
            continue
        if node.value is None:
            arguments.append((name, None))
        elif _looks_secret(name, node) or holds_secret(node):
            variable = _bake_variable(service.name, name)
            arguments.append((name, f"${{{variable}}}"))
            variables.append((variable, ""))
            ledger.find(
                "secret-build-argument",
                "warning",
                f"the build argument {name} of {service.name} looks like a secret; who pulls the image can read it "
                "in the image's history",
                "use a build secret (`build.secrets` and `RUN --mount=type=secret`)",
                service.at("build", "args", name),
            )
        else:
            arguments.append((name, node.text))
    for key in ("context", "dockerfile_inline", "additional_contexts"):
        written = service.get("build", key)
        for path, leaf in leaves(written, service.at("build", key)) if written else ():
            if isinstance(leaf, Scalar) and _looks_secret("", leaf):
                ledger.refuse(
                    path,
                    "secret-in-build",
                    f"`{key}` of {service.name} has a secret in it, which images.bake.json would hold",
                    "use a build secret (`build.secrets` and `RUN --mount=type=secret`), or `build.ssh`",
                )
    contexts = tuple(
        (name, _context(node.text, project))
        for name, node in service.entries("build", "additional_contexts").items()
        if isinstance(node, Scalar)
    )
    return BakeTarget(
        name=target_name(service.name),
        context=_context(service.text("build", "context") or project.folder, project),
        dockerfile=None if service.text("build", "dockerfile_inline") else service.text("build", "dockerfile"),
        dockerfile_inline=service.text("build", "dockerfile_inline"),
        stage=service.text("build", "target"),
        arguments=tuple(arguments),
        contexts=contexts,
        platforms=platforms(service),
        secrets=tuple(_build_secrets(service, project, ledger)),
        ssh=service.texts("build", "ssh"),
        cache_from=_shown(service, "cache_from", ledger),
        cache_to=_shown(service, "cache_to", ledger),
        labels=_labels(service, ledger),
        no_cache=service.flag("build", "no_cache"),
        pull=service.flag("build", "pull"),
        network=service.text("build", "network"),
        shared_memory=service.text("build", "shm_size"),
        hosts=_hosts(service, ledger),
        ulimits=_ulimits(service, ledger),
        entitlements=_entitlements(service, ledger),
        uncached_stages=service.texts("build", "no_cache_filter"),
        variables=tuple(variables),
    )


def _bake_variable(service: str, argument: str) -> str:
    """The variable of the build's environment that holds an argument: `API_NPM_TOKEN`. One that two arguments could
    have carries a hash."""
    variable = re.sub(r"[^A-Za-z0-9_]", "_", f"{service}_{argument}").upper()
    plain = re.fullmatch(r"[a-z0-9]+", service) and re.fullmatch(r"[A-Z0-9_]+", argument)
    return variable if plain else f"{variable}_{digest(f'{service}/{argument}').upper()}"


def _looks_secret(name: str, node: Scalar) -> bool:
    variables = {variable for part in node.parts for variable in part.variables}
    by_name = any(secret_name(n) for n in (name, *variables)) and not surely_public(name, node.text)
    return by_name or bool(secret_spans(node.text))


def _shown(service: ServiceSource, key: str, ledger: Ledger) -> tuple[str, ...]:
    """The entries of a list of the build, without those that have a secret in them."""
    shown: list[str] = []
    for index, node in enumerate(service.items("build", key)):
        if not isinstance(node, Scalar):
            continue
        if _looks_secret("", node):
            path = service.at("build", key, index)
            reason = f"an entry of `{key}` of {service.name} has a secret in it, and images.bake.json holds none"
            ledger.drop(path, "secret-in-build", reason, "let the builder log in by itself")
        else:
            shown.append(node.text)
    return tuple(shown)


def _labels(service: ServiceSource, ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """The labels of the image, without those that are secrets."""
    shown: list[tuple[str, str]] = []
    for name, node in service.entries("build", "labels").items():
        if not isinstance(node, Scalar):
            continue
        if _looks_secret(name, node):
            path = service.at("build", "labels", name)
            reason = f"the image label {name} of {service.name} looks like a secret; who pulls the image could read it"
            ledger.drop(path, "secret-in-build", reason, "give it to the container in a variable")
        else:
            shown.append((name, node.text))
    return tuple(shown)


def _context(path: str, project: Project) -> str:
    """A local folder relative to the project's; a remote context, `target:` and `service:` as they are."""
    if path.startswith("service:"):
        return f"target:{target_name(path.removeprefix('service:'))}"
    if not posixpath.isabs(path):
        return path
    return posixpath.relpath(path, project.folder)


def _hosts(service: ServiceSource, ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """The hosts that a build knows: name and address."""
    found = [tuple(text.partition("=")[::2]) for text in service.texts("build", "extra_hosts")]
    if found:
        ledger.record(service.at("build", "extra_hosts"), "translated", reason=_IN_BAKE_FILE)
    return tuple((name, address) for name, address in found)


def _ulimits(service: ServiceSource, ledger: Ledger) -> tuple[str, ...]:
    """The limits of a build's processes, as bake writes them: `nofile=1024` or `nofile=1024:2048`."""
    found: list[str] = []
    for name, node in service.entries("build", "ulimits").items():
        if isinstance(node, Mapping):
            soft, hard = (service.text("build", "ulimits", name, key) for key in ("soft", "hard"))
            found.append(f"{name}={soft}:{hard}")
        elif isinstance(node, Scalar):
            found.append(f"{name}={node.text}")
    if found:
        ledger.record(service.at("build", "ulimits"), "translated", reason=_IN_BAKE_FILE)
    return tuple(found)


def _entitlements(service: ServiceSource, ledger: Ledger) -> tuple[str, ...]:
    """What a build may do beyond others: a privileged one is bake's `security.insecure`."""
    asked = {key: service.at("build", key) for key in ("entitlements", "privileged") if service.get("build", key)}
    found = [*service.texts("build", "entitlements")]
    if service.flag("build", "privileged"):
        found.append("security.insecure")
    for path in asked.values():
        ledger.record(path, "translated", reason=_IN_BAKE_FILE)
    if found:
        ledger.find(
            "build-entitlement",
            "warning",
            f"the image of {service.name} is built with {', '.join(dict.fromkeys(found))}",
            f"give `docker buildx bake` the option{'s' if len(set(found)) > 1 else ''} "
            + " ".join(f"`--allow {name}`" for name in dict.fromkeys(found))
            + ", and use a builder that lets it",
            next(iter(asked.values())),
        )
    return tuple(dict.fromkeys(found))


def _build_secrets(service: ServiceSource, project: Project, ledger: Ledger) -> list[str]:
    """Build secrets as bake's `secret` strings: names of files and variables, never their values."""
    declared = project.root.get("secrets")
    listed: list[str] = []
    for node in service.items("build", "secrets"):
        if not isinstance(node, Mapping):
            continue
        source = node.entries.get("source")
        name = source.text if isinstance(source, Scalar) else ""
        target = node.entries.get("target")
        identifier = posixpath.basename(target.text) if isinstance(target, Scalar) and target.text else name
        secret = declared.get(name) if isinstance(declared, Mapping) else None
        if isinstance(secret, Mapping):
            ledger.record(("secrets", name), "inert", reason="a build reads it; images.bake.json names it")
            file, variable = secret.entries.get("file"), secret.entries.get("environment")
            given = project.environment.get(secret_variable(name))
            if isinstance(file, Scalar) and not given:
                listed.append(f"id={identifier},src={posixpath.relpath(file.text, project.folder)}")
            elif isinstance(file, Scalar):
                listed.append(f"id={identifier},env={secret_variable(name)}")
            elif isinstance(variable, Scalar):
                listed.append(f"id={identifier},env={variable.text}")
    return listed
