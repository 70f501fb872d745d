# The same as stack/serving, as people write it today with hashicorp/aws.

terraform {
  required_providers {
    aws = { source = "registry.terraform.io/hashicorp/aws" }
  }
}

variable "endpoint" {
  type = string
}

variable "stacks" {
  type = number
}

variable "certificate" {
  type = string
}

variable "key" {
  type      = string
  sensitive = true
}

locals {
  zones = ["us-west-2a", "us-west-2b"]
  # One entry for each stack and zone, as "0/us-west-2a".
  cells = { for pair in setproduct(range(var.stacks), local.zones) : "${pair[0]}/${pair[1]}" => { stack = pair[0], zone = pair[1], index = index(local.zones, pair[1]) } }
  pools = { for pair in setproduct(range(var.stacks), ["cpu", "gpu"]) : "${pair[0]}/${pair[1]}" => { stack = pair[0], pool = pair[1] } }
  node_policies = { for pair in setproduct(range(var.stacks), ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"]) :
    "${pair[0]}/${pair[1]}" => { stack = pair[0], policy = pair[1] }
  }
}

resource "aws_vpc" "this" {
  count                = var.stacks
  cidr_block           = "10.40.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "bench-${count.index}" }
}

resource "aws_internet_gateway" "this" {
  count  = var.stacks
  vpc_id = aws_vpc.this[count.index].id
}

resource "aws_subnet" "private" {
  for_each          = local.cells
  vpc_id            = aws_vpc.this[each.value.stack].id
  availability_zone = each.value.zone
  cidr_block        = cidrsubnet("10.40.0.0/16", 3, each.value.index)
}

resource "aws_subnet" "public" {
  for_each          = local.cells
  vpc_id            = aws_vpc.this[each.value.stack].id
  availability_zone = each.value.zone
  cidr_block        = cidrsubnet("10.40.0.0/16", 8, 240 + each.value.index)
}

resource "aws_route_table" "public" {
  count  = var.stacks
  vpc_id = aws_vpc.this[count.index].id
}

resource "aws_route" "public" {
  count                  = var.stacks
  route_table_id         = aws_route_table.public[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[count.index].id
}

resource "aws_route_table_association" "public" {
  for_each       = local.cells
  route_table_id = aws_route_table.public[each.value.stack].id
  subnet_id      = aws_subnet.public[each.key].id
}

resource "aws_eip" "this" {
  for_each = local.cells
  domain   = "vpc"
}

resource "aws_nat_gateway" "this" {
  for_each      = local.cells
  allocation_id = aws_eip.this[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "private" {
  for_each = local.cells
  vpc_id   = aws_vpc.this[each.value.stack].id
}

resource "aws_route" "private" {
  for_each               = local.cells
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.key].id
}

resource "aws_route_table_association" "private" {
  for_each       = local.cells
  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = aws_subnet.private[each.key].id
}

resource "aws_iam_role" "cluster" {
  count              = var.stacks
  name               = "bench-${count.index}-cluster"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "eks.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  count      = var.stacks
  role       = aws_iam_role.cluster[count.index].name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role" "nodes" {
  count              = var.stacks
  name               = "bench-${count.index}-nodes"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each   = local.node_policies
  role       = aws_iam_role.nodes[each.value.stack].name
  policy_arn = "arn:aws:iam::aws:policy/${each.value.policy}"
}

resource "aws_eks_cluster" "this" {
  count    = var.stacks
  name     = "bench-${count.index}"
  version  = "1.33"
  role_arn = aws_iam_role.cluster[count.index].arn
  access_config {
    authentication_mode = "API"
  }
  vpc_config {
    subnet_ids              = [for zone in local.zones : aws_subnet.private["${count.index}/${zone}"].id]
    endpoint_private_access = true
    endpoint_public_access  = false
  }
  depends_on = [aws_iam_role_policy_attachment.cluster]
}

resource "aws_eks_node_group" "this" {
  for_each        = local.pools
  cluster_name    = aws_eks_cluster.this[each.value.stack].name
  node_group_name = each.value.pool
  node_role_arn   = aws_iam_role.nodes[each.value.stack].arn
  subnet_ids      = [for zone in local.zones : aws_subnet.private["${each.value.stack}/${zone}"].id]
  instance_types  = [each.value.pool == "gpu" ? "g6.2xlarge" : "m7i.xlarge"]
  ami_type        = each.value.pool == "gpu" ? "AL2023_x86_64_NVIDIA" : "AL2023_x86_64_STANDARD"
  scaling_config {
    min_size     = each.value.pool == "gpu" ? 0 : 2
    desired_size = each.value.pool == "gpu" ? 0 : 2
    max_size     = each.value.pool == "gpu" ? 4 : 10
  }
  depends_on = [aws_iam_role_policy_attachment.nodes, aws_route_table_association.private, aws_route.private]
}

resource "aws_security_group" "load_balancer" {
  count       = var.stacks
  name        = "bench-${count.index}"
  description = "Load balancer"
  vpc_id      = aws_vpc.this[count.index].id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  count             = var.stacks
  security_group_id = aws_security_group.load_balancer[count.index].id
  cidr_ipv4         = "10.40.0.0/16"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "nodes" {
  count             = var.stacks
  security_group_id = aws_security_group.load_balancer[count.index].id
  cidr_ipv4         = "10.40.0.0/16"
  ip_protocol       = "tcp"
  from_port         = 30080
  to_port           = 30080
}

resource "aws_vpc_security_group_ingress_rule" "nodes" {
  count                        = var.stacks
  security_group_id            = aws_eks_cluster.this[count.index].vpc_config[0].cluster_security_group_id
  referenced_security_group_id = aws_security_group.load_balancer[count.index].id
  ip_protocol                  = "tcp"
  from_port                    = 30080
  to_port                      = 30080
}

resource "aws_lb" "this" {
  count                      = var.stacks
  name                       = "bench-${count.index}"
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = [for zone in local.zones : aws_subnet.private["${count.index}/${zone}"].id]
  security_groups            = [aws_security_group.load_balancer[count.index].id]
  drop_invalid_header_fields = true
  idle_timeout               = 300
}

resource "aws_lb_target_group" "this" {
  count    = var.stacks
  name     = "bench-${count.index}"
  vpc_id   = aws_vpc.this[count.index].id
  port     = 30080
  protocol = "HTTP"
  health_check {
    path = "/healthz"
  }
}

resource "aws_acm_certificate" "this" {
  count            = var.stacks
  certificate_body = var.certificate
  private_key      = var.key
}

resource "aws_lb_listener" "https" {
  count             = var.stacks
  load_balancer_arn = aws_lb.this[count.index].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate.this[count.index].arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "not found"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "this" {
  count        = var.stacks
  listener_arn = aws_lb_listener.https[count.index].arn
  priority     = 1
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[count.index].arn
  }
  condition {
    host_header {
      values = ["models.example.com"]
    }
  }
}

resource "aws_autoscaling_traffic_source_attachment" "this" {
  for_each               = local.pools
  autoscaling_group_name = aws_eks_node_group.this[each.key].resources[0].autoscaling_groups[0].name
  traffic_source {
    identifier = aws_lb_target_group.this[each.value.stack].arn
    type       = "elbv2"
  }
}
