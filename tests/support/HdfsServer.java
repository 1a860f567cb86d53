// HdfsServer RPC_PORT HTTP_PORT DIR NODES [KEY=VALUE...] - a name node and data nodes of HDFS in one process on loopback, with
// permissions; what DIR holds is used again.
import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.security.UserGroupInformation;

public class HdfsServer {
    public static void main(String[] a) throws Exception {
        Configuration c = new HdfsConfiguration();
        String h = "127.0.0.1:";
        c.set("fs.defaultFS", "hdfs://" + h + a[0]);
        c.set("dfs.namenode.rpc-address", h + a[0]);
        c.set("dfs.namenode.http-address", h + a[1]);
        c.set("dfs.namenode.name.dir", a[2] + "/name");
        c.set("dfs.namenode.safemode.extension", "0");
        c.set("dfs.datanode.hostname", "127.0.0.1");
        c.set("dfs.replication", a[3]);
        c.set("dfs.namenode.datanode.registration.ip-hostname-check", "false");
        for (String k : new String[] {"address", "http.address", "ipc.address"}) c.set("dfs.datanode." + k, h + "0");
        for (int i = 4; i < a.length; i++) c.set(a[i].substring(0, a[i].indexOf('=')), a[i].substring(a[i].indexOf('=') + 1));
        UserGroupInformation.setConfiguration(c);
        if (c.get("dfs.namenode.keytab.file") != null)
            UserGroupInformation.loginUserFromKeytab(c.get("dfs.namenode.kerberos.principal"), c.get("dfs.namenode.keytab.file"));
        DefaultMetricsSystem.setMiniClusterMode(true);
        if (!new File(a[2] + "/name/current").exists()) NameNode.format(c);
        NameNode.createNameNode(new String[0], c);
        for (int i = 0; i < Integer.parseInt(a[3]); i++) {
            Configuration d = new HdfsConfiguration(c);
            d.set("dfs.datanode.data.dir", a[2] + "/data" + i);
            DataNode.createDataNode(new String[0], d);
        }
        System.out.println("ready hdfs://" + h + a[0]);
        Thread.currentThread().join();
    }
}
