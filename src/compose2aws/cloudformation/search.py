"""OpenSearch Service domains."""

from __future__ import annotations

from troposphere import Ref, logs, opensearchservice, policies

from compose2aws.cloudformation.database import declare_version
from compose2aws.cloudformation.expression import Expression, arn, attribute, encryption_key, joined, subnets
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.login import emit_login, password
from compose2aws.cloudformation.policy import document
from compose2aws.planning.model import Plan, SearchDomain
from compose2aws.planning.text import Fact

_LOG_POLICY = "SearchLogPolicy"
_NOBODY: Skip = ("CKV_AWS_317", "The container asks for no login, so there is nobody to audit")
_MASTERS = 3


def emit_search(graph: Graph, plan: Plan, item: SearchDomain) -> None:
    """Add the domain with its login and its logs.

    The policy of the domain lets in whoever the security group lets in: clients of the compose file sign nothing.
    """
    if item.secured:
        emit_login(graph, item.login, item.service, item.source, punctuated=True)
    graph.add(
        logs.LogGroup(item.log_group.logical_id, RetentionInDays=item.log_retention, KmsKeyId=encryption_key()),
        item.source,
    )
    _let_write_logs(graph)
    kinds = ["ES_APPLICATION_LOGS", *(["AUDIT_LOGS"] if item.secured else [])]
    domain = opensearchservice.Domain(
        item.domain.logical_id,
        EngineVersion=joined("OpenSearch_", declare_version(graph, item.service, item.version)),
        ClusterConfig=_cluster(item),
        EBSOptions=opensearchservice.EBSOptions(EBSEnabled=True, VolumeType="gp3", VolumeSize=item.storage),
        VPCOptions=opensearchservice.VPCOptions(
            SubnetIds=subnets(plan.network, "private")[: item.nodes],
            SecurityGroupIds=[attribute(item.security_group, "GroupId")],
        ),
        DomainEndpointOptions=opensearchservice.DomainEndpointOptions(
            EnforceHTTPS=True, TLSSecurityPolicy="Policy-Min-TLS-1-2-2019-07"
        ),
        EncryptionAtRestOptions=opensearchservice.EncryptionAtRestOptions(Enabled=True, KmsKeyId=encryption_key()),
        NodeToNodeEncryptionOptions=opensearchservice.NodeToNodeEncryptionOptions(Enabled=True),
        AccessPolicies=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "es:ESHttp*",
                "Resource": arn("es", "domain/*"),
            }
        ),
        LogPublishingOptions={
            kind: opensearchservice.LogPublishingOption(
                CloudWatchLogsLogGroupArn=attribute(item.log_group, "Arn"), Enabled=True
            )
            for kind in kinds
        },
        DependsOn=_LOG_POLICY,
    )
    # Without it another version is another domain (CloudFormation, "UpdatePolicy attribute", EnableVersionUpgrade).
    domain.UpdatePolicy = policies.UpdatePolicy(EnableVersionUpgrade=True)
    if item.secured:
        domain.AdvancedSecurityOptions = opensearchservice.AdvancedSecurityOptionsInput(
            Enabled=True,
            InternalUserDatabaseEnabled=True,
            MasterUserOptions=opensearchservice.MasterUserOptions(
                MasterUserName=item.user, MasterUserPassword=password(item.login)
            ),
        )
    graph.add(domain, item.source, skips=() if item.secured else (_NOBODY,))


def _cluster(item: SearchDomain) -> opensearchservice.ClusterConfig:
    cluster = opensearchservice.ClusterConfig(
        InstanceType=item.instance_type,
        InstanceCount=item.nodes,
        ZoneAwarenessEnabled=item.nodes > 1,
        DedicatedMasterEnabled=item.masters is not None,
    )
    if item.nodes > 1:
        cluster.ZoneAwarenessConfig = opensearchservice.ZoneAwarenessConfig(AvailabilityZoneCount=item.nodes)
    if item.masters:
        cluster.DedicatedMasterType = item.masters
        cluster.DedicatedMasterCount = _MASTERS
    return cluster


def _let_write_logs(graph: Graph) -> None:
    """One policy for all domains of the project: an account has ten in a region (CloudWatch Logs, "CloudWatch Logs
    quotas"). Its text is JSON with the account in it."""
    if _LOG_POLICY in graph.nodes:
        return
    graph.add(
        logs.ResourcePolicy(
            _LOG_POLICY,
            PolicyName=joined(Ref("AWS::StackName"), "-search"),
            PolicyDocument=joined(
                '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},'
                '"Action":["logs:CreateLogStream","logs:PutLogEvents","logs:PutLogEventsBatch"],"Resource":"',
                arn("logs", "log-group:", Ref("AWS::StackName"), "-*"),
                '","Condition":{"StringEquals":{"aws:SourceAccount":"',
                Ref("AWS::AccountId"),
                '"}}}]}',
            ),
        )
    )


def search_fact(item: SearchDomain, fact: Fact) -> Expression:
    """What fills a hole in a text that names the domain."""
    host = attribute(item.domain, "DomainEndpoint")
    facts = {"host": host, "reader-host": host, "port": str(item.port)}
    if item.secured:
        facts |= {"user": item.user, "password": password(item.login)}
    return facts.get(fact, "")
